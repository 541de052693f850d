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

    /// <summary>Languages of captions that are kept, by their codes of ISO 639-1 such as <c>en</c>; none keeps all.</summary>
    public IReadOnlyList<string> Languages { get; init; } = [];

    /// <summary>What is taken for a duplicate.</summary>
    public DuplicateKind Duplicates { get; init; }

    /// <summary>The samples that are kept; null for all.</summary>
    public SampleSelection? Select { get; init; }

    /// <summary>The model of <see cref="DuplicateKind.Embedding"/>; null for any other kind.</summary>
    public IImageVectors? Vectors { get; init; }

    /// <summary>The inner product of two embeddings from which on their images are taken for the same, above 0 and at most 1.</summary>
    public double Alike { get; init; } = 0.95;

    /// <summary>Threads that prepare images; they change nothing else.</summary>
    public int Threads { get; init; } = 1;

    /// <summary>All that decides what is in the shards, by name. What a packing does not use is not among them.</summary>
    internal SortedDictionary<string, string> Settings()
    {
        var settings = Always();
        if (Languages.Count > 0)
        {
            settings["languages"] = string.Join(',', Languages.Order(StringComparer.Ordinal));
        }

        if (Duplicates == DuplicateKind.Embedding)
        {
            settings["model"] = Vectors?.Identity ?? "-";
            settings["alike"] = Alike.ToString(CultureInfo.InvariantCulture);
        }

        if (Select is not null)
        {
            settings["select"] = Select.Sha256;
        }

        return settings;
    }

    private SortedDictionary<string, string> Always() => new(SourceSettings.ToDictionary(), StringComparer.Ordinal)
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
