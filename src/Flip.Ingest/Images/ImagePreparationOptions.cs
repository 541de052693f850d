using Flip.Data.Images;

namespace Flip.Ingest.Images;

/// <summary>What images of shards are to be like.</summary>
public sealed record ImagePreparationOptions
{
    /// <summary>Pixels of a side that can be asked for: as many as a JPEG can have.</summary>
    public const int MostSide = 65_535;

    /// <summary>How sizes are changed.</summary>
    public ImageResize Resize { get; init; } = ImageResize.KeepRatio;

    /// <summary>Wanted pixels of the side that <see cref="Resize"/> names.</summary>
    public int Size { get; init; } = 256;

    /// <summary>Whether smaller images become larger too; by default they keep their size.</summary>
    public bool Enlarge { get; init; }

    /// <summary>Quality of JPEGs that are encoded here, 1 to 100.</summary>
    public int Quality { get; init; } = 95;

    /// <summary>Least pixels of the short side, before a change of size.</summary>
    public int MinSide { get; init; } = 1;

    /// <summary>Largest ratio of the long side to the short one; infinite for any.</summary>
    public double MaxAspectRatio { get; init; } = double.PositiveInfinity;

    /// <summary>Width times height above which an image is refused unread.</summary>
    public long PixelLimit { get; init; } = ImageDecoder.DefaultPixelLimit;

    /// <summary>Whether large JPEGs are decoded at a fraction of their size, as training does.</summary>
    public bool ReducedDecoding { get; init; } = true;

    /// <summary>Whether images that need no change are decoded all the same, so that what is broken is found here and not by each training.</summary>
    public bool Verify { get; init; } = true;
}
