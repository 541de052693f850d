using Flip.Data;

namespace Flip.Ingest.Tables;

/// <summary>How a table is opened.</summary>
public sealed record TableOptions
{
    /// <summary>What is allowed and who receives messages.</summary>
    public SourceOptions Source { get; init; } = new();

    /// <summary>Names of columns that the user named: a first line that has one of them is a header, whatever else it says.</summary>
    public IReadOnlyList<string> Named { get; init; } = [];
}
