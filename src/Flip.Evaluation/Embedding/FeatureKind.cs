namespace Flip.Evaluation.Embedding;

/// <summary>What of an image is kept.</summary>
public enum FeatureKind
{
    /// <summary>The image tower's pooled feature before the projection: what CLIP's and MAE's linear probes read.</summary>
    Pooled,

    /// <summary>The normalised embedding: what zero-shot classification and retrieval compare.</summary>
    Embedding,
}
