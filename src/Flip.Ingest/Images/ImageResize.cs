namespace Flip.Ingest.Images;

/// <summary>How an image becomes one of a wanted size, by the names of img2dataset.</summary>
public enum ImageResize
{
    /// <summary>It keeps its size.</summary>
    No,

    /// <summary>The short side gets the size, the sides' ratio stays.</summary>
    KeepRatio,

    /// <summary>The long side gets the size, the sides' ratio stays.</summary>
    KeepRatioLargest,

    /// <summary>The short side gets the size, and of the long one the middle is kept: a square.</summary>
    CenterCrop,

    /// <summary>The long side gets the size, and white is put beside the short one: a square.</summary>
    Border,
}
