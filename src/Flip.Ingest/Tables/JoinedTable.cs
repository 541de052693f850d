namespace Flip.Ingest.Tables;

/// <summary>Files of the same columns, one behind the other. The first one's columns count; a file that lacks one has no values in it.</summary>
internal sealed class JoinedTable : ITable
{
    private readonly IReadOnlyList<ITable> _parts;

    /// <summary>Joins tables.</summary>
    /// <exception cref="ConfigException">One has a column that the first has not.</exception>
    public JoinedTable(IReadOnlyList<ITable> parts)
    {
        _parts = parts;
        foreach (var part in parts)
        {
            if (part.Columns.Except(Columns, StringComparer.Ordinal).FirstOrDefault() is { } other)
            {
                throw new ConfigException($"'{part.Name}' has the column '{other}', which '{parts[0].Name}' has not; files that are read together have the same columns.");
            }
        }
    }

    /// <inheritdoc/>
    public string Name => FormattableString.Invariant($"{_parts[0].Name} and {_parts.Count - 1} more");

    /// <inheritdoc/>
    public IReadOnlyList<string> Columns => _parts[0].Columns;

    /// <inheritdoc/>
    public long Count => _parts.Sum(part => part.Count);

    /// <inheritdoc/>
    public IEnumerable<TableRow> Read(IReadOnlyCollection<int>? columns = null, long first = 0, CancellationToken cancellation = default)
    {
        var begin = 0L;
        foreach (var part in _parts)
        {
            if (first < begin + part.Count)
            {
                int[] places = [.. Columns.Select(name => part.Columns.ToList().IndexOf(name))];
                var wanted = columns?.Select(column => places[column]).Where(place => place >= 0).ToList();
                foreach (var row in part.Read(wanted, Math.Max(0, first - begin), cancellation))
                {
                    yield return row.In(begin, places);
                }
            }

            begin += part.Count;
        }
    }
}
