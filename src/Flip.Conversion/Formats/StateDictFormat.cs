using Flip.Config;
using Flip.Conversion.Names;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Conversion.Formats;

/// <summary>
/// Weights with OpenAI's names and no configuration: OpenAI's own files and open_clip's training checkpoints, with CLIP's image tower or
/// timm's. Sizes are read off the tensors; what no tensor tells is taken as the library's default, and said.
/// </summary>
internal static class StateDictFormat
{
    private const string PatchKernel = "visual.conv1.weight";
    private const string TrunkKernel = "visual.trunk.patch_embed.proj.weight";
    private const string TrunkPositions = "visual.trunk.pos_embed";
    private const string FeatureNorm = "visual.trunk.fc_norm.weight";
    private const string TrunkPreNorm = "visual.trunk.norm_pre.weight";
    private const string Latent = "visual.trunk.attn_pool.latent";
    private const string TokenTable = "token_embedding.weight";

    /// <summary>Whether the tensors have such names, with a ViT as image tower and CLIP's Transformer as text tower.</summary>
    public static bool Recognizes(ITensorSource weights) =>
        ((weights.Contains(PatchKernel) && weights.Contains("visual.class_embedding")) || IsTrunk(weights))
        && (weights.Contains(TokenTable) || weights.Contains("text." + TokenTable));

    /// <summary>The model.</summary>
    /// <param name="weights">The checkpoint; owned by the result.</param>
    /// <param name="tokenizer">Reads the tokenizer; such files have none.</param>
    /// <exception cref="CheckpointFormatException">Tensors that give the sizes are missing or misshapen.</exception>
    public static StoredModel Open(ITensorSource weights, Func<ITokenizer> tokenizer)
    {
        var shapes = new StateShapes(weights);
        var openAi = weights.Contains("input_resolution"); // only OpenAI's files say their sizes beside the weights
        var (trunk, ownTextTower) = (IsTrunk(weights), weights.Contains("text." + TokenTable));
        var text = ownTextTower ? "text." : string.Empty;
        var biased = weights.Contains($"{text}text_projection.bias");
        var projected = biased || weights.Contains($"{text}text_projection") || !weights.Contains(Latent);
        var start = ClipDefaults.Model;
        var model = start with
        {
            Image = trunk ? Trunk(start.Image, weights, shapes) : Visual(start.Image, weights, shapes),
            Text = Text(start.Text, text, shapes),
            EmbedDim = !projected ? shapes.Size($"{text}ln_final.weight", 0) : biased ? shapes.Size($"{text}text_projection.weight", 0) : shapes.Size($"{text}text_projection", 1),
            Activation = openAi ? Activation.QuickGelu : Activation.Gelu,
        };
        var config = ClipDefaults.Config(model);
        config = config with
        {
            Data = config.Data with { ClipMarkers = openAi ? ClipMarkers.OpenAi : ClipMarkers.OpenClip, TextCleaning = TextCleaning.Lower },
            Train = config.Train with { Loss = weights.Contains("logit_bias") ? LossKind.Sigmoid : LossKind.InfoNce },
        };
        config = !trunk && !model.Image.PreNorm ? Clipa(config) : model.Image.Pooling == ImagePooling.Attention ? Siglip(config, projected, biased) : config;
        var names = ClipNames.OpenClip(ownTextTower, trunk, weights.Contains(FeatureNorm), biased);
        return new StoredModel(openAi ? "OpenAI CLIP" : "open_clip checkpoint", config, weights, names, tokenizer)
        {
            Assumptions = BareWeights.Assumptions(config),
        };
    }

    private static bool IsTrunk(ITensorSource weights) => weights.Contains(TrunkKernel) && weights.Contains(TrunkPositions);

    private static ImageConfig Visual(ImageConfig start, ITensorSource weights, StateShapes shapes)
    {
        var (width, patch) = (shapes.Size(PatchKernel, 0), shapes.Size(PatchKernel, 2));
        return start with
        {
            PatchSize = patch,
            ImageSize = shapes.ImageSize(patch, "visual.positional_embedding", 1),
            Width = width,
            Depth = shapes.Depth("visual.transformer.resblocks."),
            Heads = HeadCount.OfImage(width),
            MlpRatio = shapes.Size("visual.transformer.resblocks.0.mlp.c_fc.weight", 0) / (double)width,
            PreNorm = weights.Contains("visual.ln_pre.weight"),
            PositionResize = PositionResize.BicubicAntialias,
        };
    }

    /// <summary>Of open_clip's own towers only CLIPA's have no LayerNorm before the first block; the rest of it no tensor tells.</summary>
    private static FlipConfig Clipa(FlipConfig config) => config with
    {
        Model = config.Model with
        {
            Image = config.Model.Image with
            {
                Pooling = ImagePooling.PatchMean,
                FinalNorm = FinalNorm.AfterPooling,
                Normalization = PixelNormalization.ImageNet,
            },
            Text = config.Model.Text with { Causal = false, Pooling = TextPooling.LastToken, EndOfText = EndOfTextRule.Eos },
        },
        Data = config.Data with
        {
            Tokenizer = TokenizerKind.WordPiece,
            ClipMarkers = null,
            WordPieceMarkers = WordPieceMarkers.Cls,
            TextCleaning = TextCleaning.Whitespace,
        },
        Eval = config.Eval with { Transform = EvalTransform.Squash, Interpolation = Interpolation.Bilinear },
    };

    /// <summary>Attention pooling is SigLIP's; the rest of it no tensor tells.</summary>
    private static FlipConfig Siglip(FlipConfig config, bool projected, bool biased) => config with
    {
        Model = config.Model with
        {
            Image = config.Model.Image with { Normalization = PixelNormalization.Half, LayerNormEps = null },
            Text = config.Model.Text with { Causal = false, Pooling = TextPooling.LastToken, EndOfText = EndOfTextRule.Eos, Projection = projected, ProjectionBias = biased },
            LayerNormEps = TimmTrunk.Eps,
        },
        Data = config.Data with { Tokenizer = TokenizerKind.SentencePiece, ClipMarkers = null, TextCleaning = TextCleaning.Canonicalize },
        Eval = config.Eval with { Transform = EvalTransform.Squash },
    };

    /// <summary>timm's tower: a class token is the feature, as timm's default is; without one, or with FLIP's fixed positions, the mean is.</summary>
    private static ImageConfig Trunk(ImageConfig start, ITensorSource weights, StateShapes shapes)
    {
        var (width, patch) = (shapes.Size(TrunkKernel, 0), shapes.Size(TrunkKernel, 2));
        var hasToken = weights.Contains("visual.trunk.cls_token");
        var ownRow = hasToken && !shapes.IsGrid(TrunkPositions, 0);
        var image = start with
        {
            PatchSize = patch,
            ImageSize = shapes.ImageSize(patch, TrunkPositions, ownRow ? 1 : 0),
            Width = width,
            Depth = shapes.Depth("visual.trunk.blocks."),
            Heads = HeadCount.OfImage(width),
            MlpRatio = shapes.Size("visual.trunk.blocks.0.mlp.fc1.weight", 0) / (double)width,
            ClassToken = !hasToken ? ClassToken.None : ownRow ? ClassToken.WithPosition : ClassToken.WithoutPosition,
            Pooling = weights.Contains(Latent) ? ImagePooling.Attention : hasToken ? ImagePooling.ClassToken : ImagePooling.Mean,
            Projection = weights.Contains("visual.head.proj.weight") || !weights.Contains(Latent),
            PatchBias = weights.Contains("visual.trunk.patch_embed.proj.bias"),
            PreNorm = weights.Contains(TrunkPreNorm),
            FinalNorm = weights.Contains(FeatureNorm) ? FinalNorm.AfterPooling
                : weights.Contains("visual.trunk.norm.weight") ? FinalNorm.BeforePooling
                : FinalNorm.None,
            LayerNormEps = weights.Contains(TrunkPreNorm) ? null : TimmTrunk.Eps, // timm's CLIP towers have CLIP's
            PositionResize = PositionResize.BicubicAntialias,
        };
        return FixedPositions.Match(weights, TrunkPositions, image) ? image with { Pooling = ImagePooling.Mean } : image;
    }

    private static TextConfig Text(TextConfig start, string prefix, StateShapes shapes)
    {
        var width = shapes.Size($"{prefix}ln_final.weight", 0);
        return start with
        {
            VocabularySize = shapes.Size(prefix + TokenTable, 0),
            Length = shapes.Size($"{prefix}positional_embedding", 0),
            Width = width,
            Depth = shapes.Depth($"{prefix}transformer.resblocks."),
            Heads = HeadCount.OfText(width),
            MlpRatio = shapes.Size($"{prefix}transformer.resblocks.0.mlp.c_fc.weight", 0) / (double)width,
        };
    }
}
