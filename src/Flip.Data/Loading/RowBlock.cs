namespace Flip.Data.Loading;

/// <summary>A piece of work of a <see cref="RowPipeline{TBlock}"/>: rows that any thread may fill, in any order.</summary>
/// <param name="rows">Number of rows.</param>
internal abstract class RowBlock(int rows)
{
    /// <summary>Number of rows.</summary>
    public int Rows { get; } = rows;

    /// <summary>Rows that a thread has taken.</summary>
    internal int Claimed { get; set; }

    /// <summary>Rows that are not yet filled.</summary>
    internal int Unfilled { get; set; } = rows;

    /// <summary>Rows whose thread is not yet done; the thread of the last one finishes the block too.</summary>
    internal int Open { get; set; } = rows;

    /// <summary>What a row failed with.</summary>
    internal Exception? Fault { get; set; }
}
