using Flip.Models;
using Flip.Storage;

namespace Flip.Evaluation.Embedding;

/// <summary>How images are seen.</summary>
/// <param name="Mask">The kind.</param>
/// <param name="Ratio">Share of patches removed; null for the training's.</param>
public sealed record MaskChoice(InferenceMask Mask, double? Ratio)
{
    /// <summary>Whether patches are removed, by a mask of each image's own.</summary>
    public bool IsMasked => Mask != InferenceMask.None;

    /// <summary>An encoder of a model that sees images so.</summary>
    /// <param name="loaded">The model.</param>
    /// <param name="imagesSeen">Images before the first one, on whose number the masks depend.</param>
    public InferenceEncoder Encoder(LoadedModel loaded, long imagesSeen = 0) =>
        new(loaded.Model, Mask, Ratio, (ulong)loaded.Config.Train.Seed, imagesSeen);
}
