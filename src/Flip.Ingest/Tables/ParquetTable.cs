using Flip.Data;
using Flip.Io;
using Parquet;
using Parquet.Data;

namespace Flip.Ingest.Tables;

/// <summary>A Parquet file, read group by group, the wanted columns alone. A group that is damaged gives its rows with the problem; the other groups are read.</summary>
internal sealed class ParquetTable : ITable
{
    /// <summary>Rows of a damaged group that are given one by one; a larger group is a failure of the file.</summary>
    private const int MostBadRows = 1 << 20;

    private readonly IReadOnlyList<ParquetColumn> _columns;

    private ParquetTable(string path, IReadOnlyList<ParquetColumn> columns, long count)
    {
        (Name, _columns, Count) = (path, columns, count);
        Columns = [.. columns.Select(column => column.Name)];
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Columns { get; }

    /// <inheritdoc/>
    public long Count { get; }

    /// <summary>Opens a file.</summary>
    /// <exception cref="ConfigException">It cannot be read, or is no Parquet file.</exception>
    public static ParquetTable Open(string path, TableOptions options)
    {
        try
        {
            using var file = PlainFile.OpenRead(path, FileOptions.RandomAccess);
            var reader = Reader(file);
            var (columns, other) = ParquetColumn.Of(reader.Schema);
            if (other.Count > 0)
            {
                options.Source.Say?.Invoke($"'{path}': the columns {string.Join(", ", other.Select(UnicodeName.Printable))} are not read, they are lists of lists or of structures, or maps.");
            }

            foreach (var group in reader.RowGroups)
            {
                Check(group, columns);
            }

            return new ParquetTable(path, columns, reader.RowGroups.Sum(group => group.RowCount));
        }
        catch (Exception e) when (IsDamage(e) || e is UnauthorizedAccessException)
        {
            throw new ConfigException($"'{path}' cannot be read as Parquet: {e.Message}");
        }
    }

    /// <inheritdoc/>
    public IEnumerable<TableRow> Read(IReadOnlyCollection<int>? columns = null, long first = 0, CancellationToken cancellation = default)
    {
        using var file = PlainFile.OpenRead(Name, FileOptions.RandomAccess);
        var reader = Reader(file);
        var begin = 0L;
        foreach (var group in reader.RowGroups)
        {
            var rows = checked((int)group.RowCount);
            if (first < begin + rows)
            {
                foreach (var row in Group(group, columns ?? Enumerable.Range(0, _columns.Count).ToList(), begin, (int)Math.Max(0, first - begin), cancellation))
                {
                    yield return row;
                }
            }

            begin += rows;
        }
    }

    /// <summary>Rows are claimed once for a group and once for each column; what is damaged, or lies, seldom agrees.</summary>
    private static void Check(ParquetRowGroupReader group, IReadOnlyList<ParquetColumn> columns)
    {
        var rows = group.RowCount;
        if (rows is < 0 or > ParquetColumn.MostValues)
        {
            throw new InvalidDataException(FormattableString.Invariant($"a group of {rows:N0} rows; groups are read up to {ParquetColumn.MostValues:N0}"));
        }

        foreach (var column in columns)
        {
            var values = group.GetMetadata(column.Field)?.MetaData?.NumValues;
            if (values is null || values < rows || (column.Field.MaxRepetitionLevel == 0 && values != rows))
            {
                throw new InvalidDataException(FormattableString.Invariant($"a group has {rows:N0} rows, and {values ?? 0:N0} values in '{column.Name}'"));
            }
        }
    }

    private static ParquetReader Reader(Stream file)
    {
        ParquetFooter.Check(file);
        return ParquetReader.CreateAsync(file, leaveStreamOpen: true).GetAwaiter().GetResult();
    }

    private IEnumerable<TableRow> Group(ParquetRowGroupReader group, IReadOnlyCollection<int> columns, long begin, int first, CancellationToken cancellation)
    {
        var data = new List<RawColumnData>();
        try
        {
            var rows = (int)group.RowCount;
            var values = new Func<int, object?>?[_columns.Count];
            var problem = Load(group, columns, rows, data, values, cancellation);
            if (problem is not null && rows > MostBadRows)
            {
                throw new IOException(FormattableString.Invariant($"'{Name}', row {begin + 1} and {rows:N0} rows on: {problem}."));
            }

            for (var row = first; row < rows; row++)
            {
                cancellation.ThrowIfCancellationRequested();
                var where = FormattableString.Invariant($"row {begin + row + 1}");
                yield return problem is null
                    ? new TableRow(begin + row, Name, where, Array.ConvertAll(values, value => value?.Invoke(row)))
                    : TableRow.Bad(begin + row, Name, where, problem);
            }
        }
        finally
        {
            data.ForEach(column => column.Dispose());
        }
    }

    /// <summary>Reads the columns of a group.</summary>
    /// <returns>What is wrong with them; null for nothing.</returns>
    private string? Load(
        ParquetRowGroupReader group, IReadOnlyCollection<int> columns, int rows, List<RawColumnData> data, Func<int, object?>?[] values, CancellationToken cancellation)
    {
        foreach (var column in columns)
        {
            try
            {
                var chunk = group.GetMetadata(_columns[column].Field)?.MetaData;
                if (chunk is null || chunk.NumValues > ParquetColumn.MostValues)
                {
                    return FormattableString.Invariant($"its group has {chunk?.NumValues ?? 0:N0} values in '{Columns[column]}', and at most {ParquetColumn.MostValues:N0} are read");
                }

                data.Add(group.ReadRawColumnDataBaseAsync(_columns[column].Field, cancellation).AsTask().GetAwaiter().GetResult());
                values[column] = _columns[column].Values(data[^1], rows);
            }
            catch (Exception e) when (IsDamage(e))
            {
                return $"its group is damaged in '{Columns[column]}': {e.Message.ReplaceLineEndings(" ")}";
            }
        }

        return null;
    }

    /// <summary>The library throws whatever its parts throw where a file is damaged.</summary>
    private static bool IsDamage(Exception e) => e is not (OperationCanceledException or OutOfMemoryException or FlipException or UnauthorizedAccessException);
}
