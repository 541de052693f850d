using System.Text.Json;
using Flip.Ingest.Tables;

namespace Flip.Ingest.Selection;

/// <summary>
/// A table as queries see it. Parquet is read by the database itself, column by column, as often as it is asked. Texts are read once, by <see cref="TableFiles"/> as everywhere else in Flip, into a
/// table of the database. A number that is none (NaN) is no value: SQL would take it for larger than all others.
/// </summary>
/// <param name="Name">The source as the user wrote it, for messages.</param>
/// <param name="Relation">What stands behind FROM. Its columns, and <see cref="Place"/>.</param>
/// <param name="Columns">The names of its columns, different without case.</param>
/// <param name="Unreadable">Lines that are no rows.</param>
internal sealed record QueryTable(string Name, string Relation, IReadOnlyList<string> Columns, long Unreadable)
{
    /// <summary>The column that tells rows apart and has their order.</summary>
    public const string Place = "flip:row";

    private const int FileBits = 40; // rows of a file, at most

    /// <summary>Opens a table.</summary>
    /// <param name="session">The database.</param>
    /// <param name="source">The source as the user wrote it.</param>
    /// <param name="files">Its files.</param>
    /// <param name="options">Who receives messages.</param>
    /// <param name="name">What the database calls it.</param>
    /// <param name="progress">Receives rows read, and all.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">It cannot be read.</exception>
    public static QueryTable Open(
        QuerySession session, string source, IReadOnlyList<string> files, TableOptions options, string name, Action<long, long>? progress, CancellationToken cancellation)
    {
        try
        {
            return files.Count > 0 && files.All(IsParquet) ? Parquet(session, source, files) : Texts(session, source, files, options, name, progress, cancellation);
        }
        catch (Exception e) when (e is QueryException or IOException)
        {
            throw new ConfigException($"'{source}' cannot be read: {e.Message}");
        }
    }

    /// <summary>A name that none of some has, without case: the name itself, or with a number behind it.</summary>
    public static string Free(string name, ICollection<string> taken)
    {
        var free = name;
        for (var number = 2; taken.Contains(free); number++)
        {
            free = FormattableString.Invariant($"{name}_{number}");
        }

        return free;
    }

    private static bool IsParquet(string path) => path.EndsWith(".parquet", StringComparison.OrdinalIgnoreCase);

    private static QueryTable Parquet(QuerySession session, string source, IReadOnlyList<string> files)
    {
        var read = $"read_parquet({SqlText.List(files.Select(SqlText.Pattern))}, union_by_name = true, hive_partitioning = false)";
        var described = session.Texts($"SELECT column_type || ' ' || column_name FROM (DESCRIBE SELECT * FROM {read})");
        var columns = new List<string>();
        var selected = new List<string>();
        foreach (var (type, name) in described.Select(Parts))
        {
            columns.Add(name);
            selected.Add(type is "FLOAT" or "DOUBLE" ? $"nullif({SqlText.Name(name)}, 'nan'::{type}) AS {SqlText.Name(name)}" : SqlText.Name(name));
        }

        var isOwn = columns.Exists(name => name.Equals("file_index", StringComparison.OrdinalIgnoreCase) || name.Equals("file_row_number", StringComparison.OrdinalIgnoreCase));
        var place = isOwn ? "row_number() OVER ()" : FormattableString.Invariant($"(CAST(file_index AS BIGINT) << {FileBits}) + file_row_number");
        return new QueryTable(source, $"(SELECT {string.Join(", ", selected)}, {place} AS {SqlText.Name(Place)} FROM {read})", columns, 0);
    }

    /// <summary>Type and name of a column; a type may have blanks in it, but FLOAT and DOUBLE have none.</summary>
    private static (string Type, string Name) Parts(string? described) =>
        described!.IndexOf(' ', StringComparison.Ordinal) is var end ? (described[..end], described[(end + 1)..]) : default;

    private static QueryTable Texts(
        QuerySession session, string source, IReadOnlyList<string> files, TableOptions options, string name, Action<long, long>? progress, CancellationToken cancellation)
    {
        var table = TableFiles.Open(files, source, options, cancellation);
        var columns = new List<string>();
        var taken = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var column in table.Columns)
        {
            columns.Add(Free(column, taken));
            taken.Add(columns[^1]);
        }

        var types = columns.ConvertAll(_ => new ColumnType());
        var isJson = TableText.PlainName(files[0]).EndsWith("jsonl", StringComparison.OrdinalIgnoreCase) || TableText.PlainName(files[0]).EndsWith("ndjson", StringComparison.OrdinalIgnoreCase);
        var unreadable = 0L;
        session.Execute($"CREATE TABLE {name} ({string.Join(", ", columns.Select((_, i) => FormattableString.Invariant($"c{i} VARCHAR")))})");
        session.Append(name, Rows());
        var selected = columns.Select((column, i) => $"{Cast(FormattableString.Invariant($"c{i}"), types[i].Sql)} AS {SqlText.Name(column)}");
        return new QueryTable(source, $"(SELECT {string.Join(", ", selected)}, rowid AS {SqlText.Name(Place)} FROM {name})", columns, unreadable);

        IEnumerable<string?[]> Rows()
        {
            var values = new string?[columns.Count];
            foreach (var row in table.Read(cancellation: cancellation))
            {
                progress?.Invoke(row.Index + 1, table.Count);
                if (row.Problem is { } problem)
                {
                    if (unreadable++ == 0)
                    {
                        options.Source.Say?.Invoke($"{row.Place} is left out: {problem}.");
                    }

                    continue;
                }

                for (var i = 0; i < values.Length; i++)
                {
                    values[i] = isJson ? Value(row, i, types[i]) : Value(row.Text(i), types[i]);
                }

                yield return values;
            }
        }
    }

    private static string Cast(string column, string type) => type switch
    {
        "VARCHAR" => column,
        "DOUBLE" => $"nullif(CAST({column} AS DOUBLE), 'nan'::DOUBLE)",
        _ => $"CAST({column} AS {type})",
    };

    /// <summary>An empty field of a table of texts is no value.</summary>
    private static string? Value(string? text, ColumnType type)
    {
        if (string.IsNullOrEmpty(text))
        {
            return null;
        }

        type.Take(text);
        return text;
    }

    private static string? Value(TableRow row, int column, ColumnType type)
    {
        if (row.Json(column) is not { ValueKind: not (JsonValueKind.Null or JsonValueKind.Undefined) } json)
        {
            return null;
        }

        var text = json.ValueKind == JsonValueKind.String ? row.Text(column) : json.GetRawText();
        if (text is not null)
        {
            type.Take(text, json.ValueKind);
        }

        return text;
    }
}
