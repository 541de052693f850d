using Flip.Data;

namespace Flip.Ingest.Selection;

/// <summary>Which rows of a list are selected, and what of them.</summary>
public sealed record SelectOptions
{
    /// <summary>The list: a table, a folder of tables of one kind, a name with <c>*</c> and <c>?</c>, or names in braces.</summary>
    public required string Source { get; init; }

    /// <summary>What is allowed, and who receives messages.</summary>
    public SourceOptions Reading { get; init; } = new();

    /// <summary>A condition in SQL over the columns; null selects all.</summary>
    public string? Where { get; init; }

    /// <summary>Tables whose columns come to the list's, by the column that both have: uid, key or url.</summary>
    public IReadOnlyList<string> With { get; init; } = [];

    /// <summary>Files of uids (<see cref="UidFile"/>); a row must be in each of them.</summary>
    public IReadOnlyList<string> Uids { get; init; } = [];

    /// <summary>Columns that are written; empty for all.</summary>
    public IReadOnlyList<string> Columns { get; init; } = [];

    /// <summary>Expressions in SQL that rows are sorted by; null for the list's order.</summary>
    public string? OrderBy { get; init; }

    /// <summary>Rows that are written at most, the first ones; null for all.</summary>
    public long? Limit { get; init; }

    /// <summary>Rows that are drawn of the selected ones; null for all.</summary>
    public long? Sample { get; init; }

    /// <summary>Another seed draws other rows.</summary>
    public ulong Seed { get; init; }
}
