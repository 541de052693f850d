using System.Globalization;
using Flip.Ingest.Images;
using Flip.Ingest.Selection;

namespace Flip.Ingest.Packing;

/// <summary>What shards are made of a source.</summary>
public sealed record PackOptions
{
    /// <summary>Samples of a shard, at most: a key has four digits for a sample's place.</summary>
    public const int MostSamplesPerShard = 10_000;

    /// <summary>The source as the user wrote it; another one in the same folder is refused.</summary>
    public required string Source { get; init; }

    /// <summary>Other settings of the source, by name, such as columns; others in the same folder are refused.</summary>
    public IReadOnlyDictionary<string, string> SourceSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>Samples of a shard; the last one has what is left.</summary>
    public int SamplesPerShard { get; init; } = MostSamplesPerShard;

    /// <summary>What images are to be like.</summary>
    public ImagePreparationOptions Images { get; init; } = new() { Resize = ImageResize.No };

    /// <summary>Characters of the shortest caption that is kept.</summary>
    public int MinCaption { get; init; } = 1;

    /// <summary>Characters of the longest caption that is kept.</summary>
    public int MaxCaption { get; init; } = int.MaxValue;

    /// <summary>What is taken for a duplicate.</summary>
    public DuplicateKind Duplicates { get; init; }

    /// <summary>The samples that are kept; null for all.</summary>
    public SampleSelection? Select { get; init; }

    /// <summary>Threads that prepare images; they change nothing else.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>All that decides what is in the shards, by name.</summary>
    internal SortedDictionary<string, string> Settings() => new(Select is null ? SourceSettings.ToDictionary() : SourceSettings.Append(new("select", Select.Sha256)).ToDictionary(), StringComparer.Ordinal)
    {
        ["source"] = Source,
        ["samples-per-shard"] = Text(SamplesPerShard),
        ["resize"] = Images.Resize.ToString(),
        ["size"] = Images.Resize == ImageResize.No ? "-" : Text(Images.Size),
        ["enlarge"] = Images.Enlarge.ToString(),
        ["quality"] = Text(Images.Quality),
        ["min-side"] = Text(Images.MinSide),
        ["max-aspect-ratio"] = Images.MaxAspectRatio.ToString(CultureInfo.InvariantCulture),
        ["min-caption"] = Text(MinCaption),
        ["max-caption"] = Text(MaxCaption),
        ["duplicates"] = Duplicates.ToString(),
    };

    private static string Text(int number) => number.ToString(CultureInfo.InvariantCulture);
}
