namespace Flip.Tasks.Curation;

/// <summary>How the pairs of a source are scored.</summary>
public sealed record ScoreOptions
{
    /// <summary>Most rows of a table.</summary>
    public const int MostRows = 1_000_000;

    /// <summary>The source as the user wrote it; another one in the same folder is refused.</summary>
    public required string Source { get; init; }

    /// <summary>Other settings of the source, by name, such as columns; others in the same folder are refused.</summary>
    public IReadOnlyDictionary<string, string> SourceSettings { get; init; } = new Dictionary<string, string>();

    /// <summary>Entries of the source to a table.</summary>
    public int RowsPerTable { get; init; } = 10_000;

    /// <summary>This process's part of the tables, from 1: it makes each whose number leaves the rest <c>Part - 1</c>.</summary>
    public int Part { get; init; } = 1;

    /// <summary>How many parts there are.</summary>
    public int Parts { get; init; } = 1;
}
