using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Models;
using Flip.Storage;
using Flip.Tokenizers;

namespace Flip.Evaluation.Embedding;

/// <summary>Sources of images and texts with a model that embeds them.</summary>
public static class ItemEncoders
{
    private const int HashedBatch = 64; // what eval.batchSize was before null chose it: caches and unfinished work keep their names
    private const double ViewMinArea = 0.08; // that of RandomResizedCrop, which the paper's linear probe crops by

    /// <summary>Images as an evaluation sees them, for who only uses their embeddings: whole ones are computed by what <c>eval.runtime</c> says.</summary>
    /// <param name="loaded">The model.</param>
    /// <param name="mask">How images are seen.</param>
    /// <param name="images">The images.</param>
    /// <param name="allowMissing">Whether images that cannot be used are left out; they are an error else.</param>
    /// <param name="areFew">Takes the towers whatever the setting says: so few images are not worth the start of another runtime.</param>
    public static ImageItems Images(LoadedModel loaded, MaskChoice mask, IImageSource images, bool allowMissing, bool areFew = false) => new(
        new ImageLoader(images, EvaluationTransform.Of(loaded.Config), loaded.Config.Data.Workers, allowMissing),
        seen => mask.IsMasked || areFew ? mask.Encoder(loaded, seen) : loaded.Encoder,
        loaded.BatchSize,
        mask.IsMasked);

    /// <summary>Features of images for a probe, and all that they depend on.</summary>
    /// <param name="loaded">The model.</param>
    /// <param name="weights">Hash of its weights, which takes a pass over all of them.</param>
    /// <param name="mask">How images are seen.</param>
    /// <param name="kind">What of an image is kept.</param>
    /// <param name="images">The images.</param>
    /// <param name="allowMissing">Whether images that cannot be used are left out.</param>
    /// <param name="hashes">Of the images' files.</param>
    /// <param name="cancellation">Stops the hashing of files.</param>
    /// <param name="view">Which random crop of each image, from 0; null for the evaluation's own.</param>
    /// <param name="ranks">Who shares the images; null for this process alone.</param>
    public static (IItemEncoder Items, EmbeddingManifest Manifest) Features(
        LoadedModel loaded,
        string weights,
        MaskChoice mask,
        FeatureKind kind,
        IImageSource images,
        bool allowMissing,
        ContentHashes hashes,
        CancellationToken cancellation,
        int? view = null,
        ICommunicator? ranks = null)
    {
        var (size, seed) = (loaded.Config.Model.Image.ImageSize, (ulong)loaded.Config.Train.Seed);
        IImageTransform transform = view is { } epoch
            ? new RandomView(new TrainTransform(size, ViewMinArea, flipProbability: 0, seed), epoch)
            : EvaluationTransform.Of(loaded.Config);
        var loader = new ImageLoader(images, transform, loaded.Config.Data.Workers, allowMissing);
        var batch = loaded.BatchSize;
        var own = kind == FeatureKind.Pooled
            ? ImageItems.OfPooled(loader, seen => mask.Encoder(loaded, seen), batch, mask.IsMasked)
            : new ImageItems(loader, seen => mask.Encoder(loaded, seen), batch, mask.IsMasked);
        var items = SharedItems.Of(own, ranks);
        var manifest = Manifest(loaded, weights, mask, items, hashes, cancellation);
        manifest.Settings["feature"] = kind.ToString();
        if (view is not null)
        {
            manifest.Settings["transform"] = string.Create(CultureInfo.InvariantCulture, $"random crop from {ViewMinArea}, seed {seed}, view {view}");
        }

        return (items, manifest);
    }

    /// <summary>Texts as they are.</summary>
    public static TextItems Texts(LoadedModel loaded, ITextSource texts, bool allowMissing, CancellationToken cancellation) => new(
        texts, new InferenceEncoder(loaded.Model), loaded.Tokenizer, loaded.BatchSize, allowMissing, cancellation);

    /// <summary>All that the embeddings of some items depend on.</summary>
    public static EmbeddingManifest Manifest(
        LoadedModel loaded, string weights, MaskChoice mask, IItemEncoder items, ContentHashes hashes, CancellationToken cancellation)
    {
        var ofTexts = items.Kind == TextItems.Texts;
        var settings = ofTexts ? TextSettings(loaded) : ModelSettings(loaded);
        if (!ofTexts)
        {
            settings["decoding"] = ImageDecoder.Rules;
            settings["transform"] = loaded.Config.Eval.TransformName();
            settings["mask"] = Describe(mask, loaded.Config);
        }

        return EmbeddingManifest.Of(items, weights, settings, hashes, cancellation);
    }

    /// <summary>What the embeddings of texts depend on beside the weights, by name.</summary>
    public static Dictionary<string, string> TextSettings(LoadedModel loaded) => new(ModelSettings(loaded)) { ["tokenizer"] = Hash(loaded.Tokenizer) };

    /// <summary>Hash of the model's configuration.</summary>
    public static string ConfigurationHash(FlipConfig config) =>
        Hash(ConfigWriter.ToJson(new FlipConfig { Model = config.Model, Eval = new EvalConfig { BatchSize = HashedBatch } }));

    /// <summary>How images are seen, in words.</summary>
    public static string Describe(MaskChoice mask, FlipConfig config) => mask.IsMasked
        ? string.Create(CultureInfo.InvariantCulture, $"{mask.Mask} {mask.Ratio ?? config.Model.Image.MaskRatio}, seed {config.Train.Seed}")
        : "None";

    private static Dictionary<string, string> ModelSettings(LoadedModel loaded) => new()
    {
        ["model"] = ConfigurationHash(loaded.Config),
        ["precision"] = loaded.Model.Parameters.ComputeType.ToString(),
        ["device"] = loaded.Model.Parameters.Device.type.ToString(),
        ["batchSize"] = loaded.BatchSize.ToString(CultureInfo.InvariantCulture),
    };

    private static string Hash(string text) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));

    /// <summary>Of the files that a tokenizer is saved as: that form tells two of them apart, whatever kinds they are.</summary>
    private static string Hash(ITokenizer tokenizer)
    {
        var folder = Directory.CreateTempSubdirectory("flip-tokenizer-");
        try
        {
            tokenizer.Save(folder.FullName);
            using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
            foreach (var file in folder.EnumerateFiles().OrderBy(file => file.Name, StringComparer.Ordinal))
            {
                hash.AppendData(Encoding.UTF8.GetBytes(file.Name));
                hash.AppendData(SHA256.HashData(File.ReadAllBytes(file.FullName)));
            }

            return Convert.ToHexStringLower(hash.GetHashAndReset());
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
