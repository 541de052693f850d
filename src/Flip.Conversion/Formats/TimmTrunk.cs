using System.Globalization;
using System.Text.RegularExpressions;
using Flip.Config;

namespace Flip.Conversion.Formats;

/// <summary>
/// One of timm's plain Vision Transformers, told by its name: <c>vit_SIZE_patchP_KIND_S</c>. Plain means that it has nothing that Flip's image tower
/// lacks.
/// </summary>
/// <param name="Name">Its name.</param>
/// <param name="ImageSize">Pixels along a side; released open_clip can build no other.</param>
/// <param name="PatchSize">Pixels along a patch's side.</param>
/// <param name="Width">Width of a token.</param>
/// <param name="Depth">Blocks.</param>
/// <param name="Heads">Attention heads.</param>
/// <param name="MlpRatio">Width of the MLP relative to a token's.</param>
/// <param name="Pool">What it pools by without an order: token, avg or map.</param>
/// <param name="PreNorm">A LayerNorm before the first block, and no bias in the patch projection.</param>
/// <param name="Kind">Activation and epsilon.</param>
internal sealed partial record TimmTrunk(
    string Name, int ImageSize, int PatchSize, int Width, int Depth, int Heads, double MlpRatio, string Pool, bool PreNorm, BlockKind Kind)
{
    /// <summary>Epsilon of timm's LayerNorms, but for those of CLIP's towers.</summary>
    public const double Eps = 1e-6;

    // Width, blocks, heads, MLP ratio.
    private static readonly Dictionary<string, (int Width, int Depth, int Heads, double MlpRatio)> Sizes = new()
    {
        ["tiny"] = (192, 12, 3, 4),
        ["small"] = (384, 12, 6, 4),
        ["base"] = (768, 12, 12, 4),
        ["large"] = (1024, 24, 16, 4),
        ["huge"] = (1280, 32, 16, 4),
        ["giant"] = (1408, 40, 16, 48 / 11.0),
        ["gigantic"] = (1664, 48, 16, 64 / 13.0),
        ["so400m"] = (1152, 27, 16, 3.7362),
        ["giantopt"] = (1536, 40, 16, 4),
    };

    /// <summary>Those without class token, whose feature is the mean of normalised patches: FLIP's tower in names that released open_clip knows.</summary>
    private static readonly string[] Means =
    [
        "vit_base_patch32_siglip_gap_256", "vit_base_patch16_siglip_gap_224", "vit_base_patch16_siglip_gap_256", "vit_base_patch16_siglip_gap_384",
        "vit_base_patch16_siglip_gap_512", "vit_large_patch16_siglip_gap_256", "vit_large_patch16_siglip_gap_384", "vit_large_patch16_siglip_gap_512",
        "vit_base_patch16_gap_224", "vit_huge_patch14_gap_224", "vit_huge_patch16_gap_448", "vit_giant_patch16_gap_224",
        "vit_so400m_patch14_siglip_gap_224", "vit_so400m_patch14_siglip_gap_378", "vit_so400m_patch14_siglip_gap_448",
        "vit_so400m_patch14_siglip_gap_896", "vit_so400m_patch16_siglip_gap_256", "vit_so400m_patch16_siglip_gap_384",
        "vit_so400m_patch16_siglip_gap_512", "vit_giantopt_patch16_siglip_gap_256", "vit_giantopt_patch16_siglip_gap_384",
    ];

    /// <summary>SigLIP's, whose feature is read by attention pooling.</summary>
    private static readonly string[] Maps =
    [
        "vit_base_patch32_siglip_256", "vit_base_patch16_siglip_224", "vit_base_patch16_siglip_256", "vit_base_patch16_siglip_384",
        "vit_base_patch16_siglip_512", "vit_large_patch16_siglip_256", "vit_large_patch16_siglip_384", "vit_large_patch16_siglip_512",
        "vit_so400m_patch14_siglip_224", "vit_so400m_patch14_siglip_378", "vit_so400m_patch14_siglip_384", "vit_so400m_patch16_siglip_256",
        "vit_so400m_patch16_siglip_384", "vit_so400m_patch16_siglip_512", "vit_giantopt_patch16_siglip_256", "vit_giantopt_patch16_siglip_384",
    ];

    /// <summary>Those with a class token, a bias in the patch projection and no LayerNorm before the first block.</summary>
    private static readonly string[] Tokens =
    [
        "vit_tiny_patch16_224", "vit_tiny_patch16_384", "vit_small_patch32_224", "vit_small_patch32_384", "vit_small_patch16_224",
        "vit_small_patch16_384", "vit_small_patch8_224", "vit_base_patch32_224", "vit_base_patch32_384", "vit_base_patch16_224",
        "vit_base_patch16_384", "vit_base_patch8_224", "vit_large_patch32_224", "vit_large_patch32_384", "vit_large_patch16_224",
        "vit_large_patch16_384", "vit_large_patch14_224", "vit_huge_patch14_224", "vit_giant_patch14_224", "vit_gigantic_patch14_224",
    ];

    /// <summary>The trunk of a name, with or without the tag of its weights behind a dot; null where it is not one of the plain ones.</summary>
    public static TimmTrunk? Find(string name)
    {
        var match = Plain().Match(name.Split('.')[0]);
        if (!match.Success || !Sizes.TryGetValue(match.Groups["size"].Value, out var size))
        {
            return null;
        }

        var (kind, patch, image) = (match.Groups["kind"].Value, Number(match, "patch"), Number(match, "image"));
        var activation = kind switch
        {
            "clip_quickgelu_" => Activation.QuickGelu,
            "siglip_gap_" or "siglip_" when TanhSiglip(match.Groups["size"].Value, patch, image) => Activation.GeluTanh,
            _ => Activation.Gelu,
        };
        var clip = kind.StartsWith("clip_", StringComparison.Ordinal);
        var pool = kind switch { "siglip_" => "map", "siglip_gap_" or "gap_" => "avg", _ => "token" };
        return new TimmTrunk(
            match.Value,
            image,
            patch,
            size.Width,
            size.Depth,
            match.Value == "vit_base_patch16_gap_224" ? 16 : size.Heads, // timm's one base with 16
            size.MlpRatio,
            pool,
            clip,
            new BlockKind(activation, clip ? ClipDefaults.LayerNormEps : Eps));
    }

    /// <summary>The named trunk that is an image tower, in everything that is computed; null where there is none.</summary>
    public static TimmTrunk? Of(ModelConfig model)
    {
        var image = model.Image;
        var names = image.Pooling == ImagePooling.Attention ? Maps : image.ClassToken == ClassToken.None ? Means : Tokens;
        return names.Select(name => Find(name)!).FirstOrDefault(trunk =>
            trunk.Shape() == (image.ImageSize, image.PatchSize, image.Width, image.Depth, image.Heads)
            && MlpWidth.Of(trunk.Width, trunk.MlpRatio) == MlpWidth.Of(image.Width, image.MlpRatio)
            && trunk.Kind == model.ImageBlocks()
            && image is { PatchBias: true, PreNorm: false, FinalNorm: FinalNorm.BeforePooling, ClassToken: not ClassToken.WithoutPosition }
            && (image.Pooling is ImagePooling.Mean or ImagePooling.Attention) == (image.ClassToken == ClassToken.None));
    }

    private (int ImageSize, int PatchSize, int Width, int Depth, int Heads) Shape() => (ImageSize, PatchSize, Width, Depth, Heads);

    /// <summary>SigLIP 2's have the approximated GELU where they are no update of one that SigLIP had.</summary>
    private static bool TanhSiglip(string size, int patch, int image) => (size, patch, image) switch
    {
        ("base", 32, _) or ("large", _, 512) or ("so400m", 16, _) or ("giantopt", _, _) => true,
        _ => false,
    };

    private static int Number(Match match, string group) => int.Parse(match.Groups[group].Value, CultureInfo.InvariantCulture);

    [GeneratedRegex(@"^vit_(?<size>[a-z0-9]+)_patch(?<patch>\d{1,2})_(?<kind>clip_quickgelu_|clip_|siglip_gap_|siglip_|gap_|)(?<image>\d{2,3})$")]
    private static partial Regex Plain();
}
