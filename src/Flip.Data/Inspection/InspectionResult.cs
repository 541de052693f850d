namespace Flip.Data.Inspection;

/// <summary>What a data set has.</summary>
/// <param name="Shards">Shards that have samples.</param>
/// <param name="Samples">Samples of all of them.</param>
/// <param name="Inspected">Samples that were read, evenly spread over all.</param>
/// <param name="Findings">What was left out of the shards and why, for people.</param>
/// <param name="Images">Of the images that can be used.</param>
/// <param name="Captions">Of the captions that can be used.</param>
/// <param name="Bad">Samples that cannot be used, by cause.</param>
/// <param name="Examples">The first of each cause: which sample, and what is wrong.</param>
/// <param name="Seconds">Time of the reading.</param>
/// <param name="Threads">Threads that read.</param>
public sealed record InspectionResult(
    int Shards,
    long Samples,
    long Inspected,
    IReadOnlyList<string> Findings,
    InspectedImages Images,
    InspectedCaptions Captions,
    IReadOnlyDictionary<string, long> Bad,
    IReadOnlyList<string> Examples,
    double Seconds,
    int Threads)
{
    /// <summary>Samples a second and thread, images decoded whole.</summary>
    public double PerSecondAndThread => Inspected / Seconds / Threads;
}

/// <summary>Images of a data set.</summary>
/// <param name="Count">How many can be used.</param>
/// <param name="Width">Widths, pixels.</param>
/// <param name="Height">Heights, pixels.</param>
/// <param name="ShortSide">The shorter of both, pixels.</param>
/// <param name="AspectRatio">The longer side over the shorter one.</param>
/// <param name="Bytes">Sizes of the files.</param>
/// <param name="Formats">How many of each format.</param>
/// <param name="Repeated">Images whose file is byte for byte that of another one; the first of each is not counted.</param>
public sealed record InspectedImages(
    long Count,
    Distribution? Width,
    Distribution? Height,
    Distribution? ShortSide,
    Distribution? AspectRatio,
    Distribution? Bytes,
    IReadOnlyDictionary<string, long> Formats,
    long Repeated);

/// <summary>Captions of a data set.</summary>
/// <param name="Count">How many can be used.</param>
/// <param name="OfSample">Captions of a sample.</param>
/// <param name="Characters">Their lengths.</param>
/// <param name="Tokens">Their tokens, markers included, of the vocabulary that was given or learnt; null without one.</param>
/// <param name="Cut">Share of the captions that are longer than a text tower's row, by the row's length.</param>
/// <param name="Repeated">Captions that are another one's again; the first of each is not counted.</param>
/// <param name="MostRepeated">Those that come most often, and how often.</param>
public sealed record InspectedCaptions(
    long Count,
    Distribution? OfSample,
    Distribution? Characters,
    Distribution? Tokens,
    IReadOnlyDictionary<int, double> Cut,
    long Repeated,
    IReadOnlyDictionary<string, long> MostRepeated);
