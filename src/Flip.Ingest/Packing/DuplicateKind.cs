namespace Flip.Ingest.Packing;

/// <summary>Which samples are taken for one that came before.</summary>
public enum DuplicateKind
{
    /// <summary>None.</summary>
    None,

    /// <summary>Those of the same image file, byte for byte.</summary>
    Exact,

    /// <summary>Those of an image that looks the same, at other sizes and qualities too.</summary>
    Perceptual,

    /// <summary>Those of an image that a model finds to show the same, by the inner product of their embeddings.</summary>
    Embedding,
}
