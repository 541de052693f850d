using Flip.Config;
using Flip.Data.Images;
using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Storage;

namespace Flip.Search;

/// <summary>The model that an index was made with, and how it saw the images: queries have to be made in the same way.</summary>
/// <param name="Path">Where it lay; null where that is not known.</param>
/// <param name="Weights">Hash of its weights.</param>
/// <param name="Configuration">Hash of its configuration.</param>
/// <param name="Images">How images were decoded, transformed and masked, in words.</param>
/// <param name="Mask">What images were masked by.</param>
/// <param name="MaskRatio">Share of patches removed; null for the training's, or without a mask.</param>
public sealed record IndexedModel(string? Path, string Weights, string Configuration, string Images, InferenceMask Mask = InferenceMask.None, double? MaskRatio = null)
{
    /// <summary>A model that is open.</summary>
    /// <param name="path">Where it lies, as a user writes it.</param>
    /// <param name="loaded">The model. All its weights are read once, for their hash.</param>
    /// <param name="mask">How images are seen.</param>
    public static IndexedModel Of(string path, LoadedModel loaded, MaskChoice mask)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        return Of(path, loaded.Model, loaded.Config, mask);
    }

    /// <summary>A model in memory.</summary>
    /// <param name="path">Where it lies, as a user writes it.</param>
    /// <param name="model">The model. All its weights are read once, for their hash.</param>
    /// <param name="config">Its configuration.</param>
    /// <param name="mask">How images are seen.</param>
    public static IndexedModel Of(string path, FlipModel model, FlipConfig config, MaskChoice mask)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(mask);
        return new(
            System.IO.Path.GetFullPath(path),
            WeightFile.Hash(model.Parameters),
            ItemEncoders.ConfigurationHash(config),
            $"decoding {ImageDecoder.Rules}, transform {config.Eval.TransformName()}, mask {ItemEncoders.Describe(mask, config)}",
            mask.Mask,
            mask.Ratio);
    }

    /// <summary>How images are seen.</summary>
    internal MaskChoice Choice => new(Mask, MaskRatio);

    /// <summary>What another model has otherwise, a clause each; empty where the two make the same embeddings.</summary>
    /// <param name="other">The other one.</param>
    public IReadOnlyList<string> DifferencesFrom(IndexedModel other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return
        [
            .. Weights == other.Weights ? Array.Empty<string>() : [$"its weights are others ({Short(Weights)} and not {Short(other.Weights)})"],
            .. Configuration == other.Configuration ? Array.Empty<string>() : ["its configuration is another"],
            .. Images == other.Images ? Array.Empty<string>() : [$"images are seen otherwise ({Images}, and not {other.Images})"],
        ];
    }

    private static string Short(string hash) => hash[..Math.Min(12, hash.Length)];
}
