using System.Security.Cryptography;
using Flip.Ingest.Tables;
using Flip.Io;

namespace Flip.Ingest.Selection;

/// <summary>
/// Selects rows of a list by SQL. The condition and the sorting are the user's own words; they see one table, <c>rows</c>, and no file. Equal lists and options give equal files.
/// </summary>
/// <param name="options">What is selected.</param>
public sealed class RowSelection(SelectOptions options)
{
    private const string Rows = "rows";
    private const string Place = "\"" + QueryTable.Place + "\"";
    private const int NameBytes = 8;

    /// <summary>Counts rows, and writes those that are selected.</summary>
    /// <param name="output">The file, which is not made where nothing is selected; null counts alone.</param>
    /// <param name="progress">Receives what is done, and how much of how many, now and then; from any thread.</param>
    /// <param name="cancellation">Stops the work; nothing is left behind.</param>
    /// <exception cref="ConfigException">A table cannot be read, or an option does not fit it; the message has the columns that there are.</exception>
    /// <exception cref="IOException">The disk or the memory is full.</exception>
    public SelectResult Run(string? output = null, Action<string, long, long>? progress = null, CancellationToken cancellation = default)
    {
        var writer = output is null ? null : new SelectOutput(Path.GetFullPath(output));
        writer?.Check(options);
        var folder = TemporaryFolder(output);
        PrivateFolder.Create(folder);
        try
        {
            var sources = options.With.Prepend(options.Source).Select(source => (Name: source, Files: SourceFiles.Find(source, TableFiles.IsTable, options.Reading))).ToList();
            (string Name, long Rows)? stage = null; // of a query that takes long
            Action<double>? share = progress is null ? null : part => Report(progress, stage, part);
            using var session = new QuerySession(sources.SelectMany(source => source.Files), folder, share, cancellation);
            var names = Names(session); // what is written wrongly is said before anything is read
            var table = Open(session, sources, [.. options.Columns, .. names.Where, .. names.Order], progress, cancellation);
            session.Execute($"CREATE TEMP VIEW {Rows} AS SELECT * FROM {table.Relation}");
            var condition = Condition(session, table, names.Where, cancellation);
            var columns = Columns(table);
            var rows = session.Numbers($"SELECT count(*) FROM {Rows}")[0];
            stage = ("select", rows);
            var counted = Count(session, table, condition, rows);
            if (writer is null || counted.Written == 0)
            {
                return counted;
            }

            stage = ("write", counted.Written);
            var written = writer.Write(session, columns, table.Columns, Selected(session, condition, counted, writer.IsGrouped), folder, options.Reading.Say);
            return counted with { Written = written };
        }
        catch (QueryException e)
        {
            throw new ConfigException($"Rows of '{options.Source}' cannot be selected: {e.Message}");
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static void Report(Action<string, long, long> progress, (string Name, long Rows)? stage, double part)
    {
        if (stage is { } known)
        {
            progress(known.Name, (long)(part * known.Rows), known.Rows);
        }
    }

    /// <summary>A folder that is not there: beside the output, which gets its place from it without being copied.</summary>
    private static string TemporaryFolder(string? output)
    {
        var name = $".{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(NameBytes))}.tmp";
        return output is null ? Path.Combine(Path.GetTempPath(), "flip-select" + name) : Path.GetFullPath(output) + name;
    }

    /// <summary>Opens all tables as one.</summary>
    /// <param name="session">The database.</param>
    /// <param name="sources">The list, and the tables that are joined to it.</param>
    /// <param name="named">Names of columns that the user named: a line that has one is a header.</param>
    /// <param name="progress">Receives rows read.</param>
    /// <param name="cancellation">Stops the reading.</param>
    private QueryTable Open(
        QuerySession session, List<(string Name, IReadOnlyList<string> Files)> sources, IReadOnlyList<string> named, Action<string, long, long>? progress, CancellationToken cancellation)
    {
        var reading = new TableOptions { Source = options.Reading, Named = named };
        QueryTable? table = null;
        foreach (var (i, (name, files)) in sources.Index())
        {
            Action<long, long>? read = progress is null ? null : (done, all) => progress($"read {Path.GetFileName(name)}", done, all);
            var next = QueryTable.Open(session, name, files, reading, FormattableString.Invariant($"t{i}"), read, cancellation);
            table = table is null ? next : TableJoin.Add(session, table, next, options.Reading.Say);
        }

        return table!;
    }

    /// <summary>Checks what the user wrote as SQL.</summary>
    /// <returns>The names in the condition, and those in what is sorted by.</returns>
    private (IReadOnlySet<string> Where, IReadOnlySet<string> Order) Names(QuerySession session) => (
        options.Where is { } where ? SqlExpression.Condition(session, where, "--where") : new HashSet<string>(),
        options.OrderBy is { } order ? SqlExpression.Order(session, order, "--order-by") : new HashSet<string>());

    /// <summary>All that decides whether a row is selected, as one condition, and the names in the user's part of it.</summary>
    private (string Sql, IReadOnlySet<string> Names) Condition(QuerySession session, QueryTable table, IReadOnlySet<string> names, CancellationToken cancellation)
    {
        var parts = new List<string> { "true" };
        if (options.Where is { } where)
        {
            parts.Add($"(\n{where}\n)");
            Bind(session, table, "--where", where, $"SELECT 1 FROM {Rows} WHERE (\n{where}\n)");
        }

        if (options.OrderBy is { } order)
        {
            Bind(session, table, "--order-by", order, $"SELECT 1 FROM {Rows} ORDER BY\n{order}\n");
        }

        foreach (var (i, file) in options.Uids.Index())
        {
            var column = SelectOutput.UidColumn(table.Columns, $"--uids '{file}'");
            var uids = UidFile.Read(file, options.Reading.Say, cancellation);
            var name = FormattableString.Invariant($"flip_uids_{i}");
            session.Add(name, text => UidFile.TryParse(text, out var uid) && Array.BinarySearch(uids, uid) >= 0);
            parts.Add($"coalesce({name}(CAST({SqlText.Name(column)} AS VARCHAR)), false)");
        }

        return (string.Join(" AND ", parts), names);
    }

    /// <summary>Has the database look at an expression beside the columns, before any row is read.</summary>
    private static void Bind(QuerySession session, QueryTable table, string option, string text, string sql)
    {
        try
        {
            session.Texts("EXPLAIN " + sql);
        }
        catch (QueryException e)
        {
            throw new ConfigException($"{option} '{text}': {e.Message}. Columns: {TableJoin.Listed(table.Columns)}.");
        }
    }

    private IReadOnlyList<string> Columns(QueryTable table)
    {
        var unknown = options.Columns.Where(name => ColumnNames.Find(table.Columns, [name]) < 0).ToList();
        return unknown.Count > 0 ? throw new ConfigException($"--columns: there is no {string.Join(", ", unknown.Select(name => $"'{name}'"))}. Columns: {TableJoin.Listed(table.Columns)}.")
            : options.Columns.Count == 0 ? table.Columns
            : [.. options.Columns.Select(name => table.Columns[ColumnNames.Find(table.Columns, [name])]).Distinct()];
    }

    private SelectResult Count(QuerySession session, QueryTable table, (string Sql, IReadOnlySet<string> Names) condition, long rows)
    {
        var asked = table.Columns.Where(condition.Names.Contains).ToList();
        var counts = session.Numbers(
            $"SELECT count(*) FILTER (WHERE {condition.Sql}){string.Concat(asked.Select(column => $", count(*) - count({SqlText.Name(column)})"))} FROM {Rows}");
        var selected = counts[0];
        var written = Math.Min(Math.Min(selected, options.Sample ?? long.MaxValue), options.Limit ?? long.MaxValue);
        return new SelectResult(rows, table.Unreadable, selected, written, asked.Index().ToDictionary(column => column.Item, column => counts[1 + column.Index]));
    }

    /// <summary>The query behind SELECT's columns.</summary>
    private string Selected(QuerySession session, (string Sql, IReadOnlySet<string> Names) condition, SelectResult counted, bool isGrouped)
    {
        var sql = $"FROM {Rows} WHERE {condition.Sql}";
        if (options.Sample is { } sample && sample < counted.Selected)
        {
            // A hash of each row's place: the smallest are drawn, so a larger sample has the smaller one in it.
            var hash = FormattableString.Invariant($"md5_number(concat('{options.Seed}:', {Place}))");
            var largest = sample == 0 ? null : session.Texts($"SELECT CAST(max(h) AS VARCHAR) FROM (SELECT {hash} AS h {sql} ORDER BY h LIMIT {sample})")[0];
            sql += largest is null ? " AND false" : $" AND {hash} <= CAST({SqlText.Literal(largest)} AS UHUGEINT)";
        }

        // Without a join the database keeps the order by itself. But groups of rows in Parquet are cut by what each thread has, unless rows are sorted.
        sql += options.OrderBy is { } order ? $" ORDER BY {order}\n, {Place}" : options.With.Count > 0 || isGrouped ? $" ORDER BY {Place}" : "";
        return options.Limit is { } limit ? FormattableString.Invariant($"{sql} LIMIT {limit}") : sql;
    }
}
