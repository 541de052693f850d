using Flip.Data;

namespace Flip.Ingest.Formats;

/// <summary>How a source of pairs is opened.</summary>
public sealed record PairReaderOptions
{
    /// <summary>What is allowed and who receives messages. What is missing or damaged is an entry with its problem, whatever is allowed.</summary>
    public SourceOptions Source { get; init; } = new();

    /// <summary>The part of a data set that has several, such as Karpathy's splits.</summary>
    public string Split { get; init; } = "train";

    /// <summary>The column of a table that has the image: its address, its path, or its bytes. Null finds it by its name.</summary>
    public string? ImageColumn { get; init; }

    /// <summary>The columns of a table that have captions; none finds one by its name.</summary>
    public IReadOnlyList<string> CaptionColumns { get; init; } = [];
}
