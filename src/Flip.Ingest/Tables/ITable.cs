namespace Flip.Ingest.Tables;

/// <summary>
/// Rows with named columns, of one file or of several that are read as one: CSV, TSV, JSON lines, Parquet. What is read is the same each time, in the same order. Of texts a row is
/// held at a time, of Parquet a group of rows.
/// </summary>
public interface ITable
{
    /// <summary>The file, or the first and how many more, for messages.</summary>
    string Name { get; }

    /// <summary>The columns; those without names are called by their numbers, from <c>0</c>. A part of a structure is a column too, <c>image.bytes</c>.</summary>
    IReadOnlyList<string> Columns { get; }

    /// <summary>Rows.</summary>
    long Count { get; }

    /// <summary>Reads rows in order. One that cannot be read comes too, with its <see cref="TableRow.Problem"/>.</summary>
    /// <param name="columns">Numbers of the columns that are wanted; null for all. Of Parquet no others are read.</param>
    /// <param name="first">Rows that are passed over at the beginning.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="IOException">A file cannot be read any more, or has changed.</exception>
    IEnumerable<TableRow> Read(IReadOnlyCollection<int>? columns = null, long first = 0, CancellationToken cancellation = default);
}
