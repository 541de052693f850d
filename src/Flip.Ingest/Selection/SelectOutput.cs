using Flip.Ingest.Tables;
using Flip.Io;

namespace Flip.Ingest.Selection;

/// <summary>The file that selected rows are written to: Parquet, CSV, JSON lines, or their uids.</summary>
/// <param name="path">The file.</param>
internal sealed class SelectOutput(string path)
{
    private const string Uid = "uid";

    /// <summary>What the names of tables end in, and how the database is asked for them.</summary>
    private static readonly Dictionary<string, string> Formats = new(StringComparer.OrdinalIgnoreCase)
    {
        [".parquet"] = "FORMAT parquet, COMPRESSION zstd",
        [".csv"] = "FORMAT csv, HEADER true",
        [".jsonl"] = "FORMAT json",
    };

    private readonly string _extension = Path.GetExtension(path);

    /// <summary>Whether rows are written in groups, so that the file is another one where the groups are.</summary>
    public bool IsGrouped => _extension.Equals(".parquet", StringComparison.OrdinalIgnoreCase);

    /// <summary>Refuses what cannot be written before any work.</summary>
    /// <exception cref="ConfigException">Its name says no format, or other options do not go with it.</exception>
    public void Check(SelectOptions options)
    {
        if (!IsUids && !Formats.ContainsKey(_extension))
        {
            throw new ConfigException($"--out '{path}': expected a name that ends in {string.Join(", ", Formats.Keys)} or {UidFile.Extension} (uids).");
        }

        if (IsUids && (options.Columns.Count > 0 || (options.OrderBy is not null && options.Limit is null)))
        {
            throw new ConfigException($"--out '{path}' has uids alone, which are sorted: leave out --columns, and --order-by without --limit, or write a table.");
        }
    }

    /// <summary>Writes rows.</summary>
    /// <param name="session">The database.</param>
    /// <param name="columns">The columns that are written.</param>
    /// <param name="all">All columns that there are.</param>
    /// <param name="rows">What stands behind SELECT's columns: FROM and on.</param>
    /// <param name="folder">The database's folder, on the same disk as the file.</param>
    /// <param name="say">Hears of rows without a uid.</param>
    /// <returns>What was written.</returns>
    public long Write(QuerySession session, IReadOnlyList<string> columns, IReadOnlyList<string> all, string rows, string folder, Action<string>? say)
    {
        if (IsUids)
        {
            return WriteUids(session, all, rows, say);
        }

        var written = Path.Combine(folder, "out" + _extension);
        var count = session.Execute($"COPY (SELECT {string.Join(", ", columns.Select(SqlText.Name))} {rows}) TO {SqlText.Literal(written)} ({Formats[_extension]})");
        AtomicFile.Publish(written, path);
        return count;
    }

    private bool IsUids => _extension.Equals(UidFile.Extension, StringComparison.OrdinalIgnoreCase);

    private long WriteUids(QuerySession session, IReadOnlyList<string> all, string rows, Action<string>? say)
    {
        var column = UidColumn(all, $"--out '{path}'");
        var (uids, none, first) = (new List<UInt128>(), 0L, (string?)null);
        session.Each($"SELECT CAST({SqlText.Name(column)} AS VARCHAR) {rows}", text =>
        {
            if (text is not null && UidFile.TryParse(text, out var uid))
            {
                uids.Add(uid);
            }
            else if (none++ == 0)
            {
                first = text ?? "none";
            }
        });
        var count = UidFile.Write(path, [.. uids]);
        if (none > 0)
        {
            say?.Invoke(FormattableString.Invariant($"{none:N0} selected rows have no uid of 32 hexadecimal digits and are not written; the first has '{first}'."));
        }

        if (count < uids.Count)
        {
            say?.Invoke(FormattableString.Invariant($"{uids.Count - count:N0} selected rows have the uid of another one; it is written once."));
        }

        return count;
    }

    /// <summary>The column of uids.</summary>
    /// <exception cref="ConfigException">There is none.</exception>
    public static string UidColumn(IReadOnlyList<string> columns, string option) => ColumnNames.Find(columns, [Uid]) is >= 0 and var place
        ? columns[place]
        : throw new ConfigException($"{option} asks for the column '{Uid}'. Columns: {TableJoin.Listed(columns)}.");
}
