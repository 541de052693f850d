using Flip.Ingest.Tables;

namespace Flip.Ingest.Selection;

/// <summary>Columns of a second table beside those of the first, row by row, by what both call a sample. Rows of the first without a partner have no values in them.</summary>
internal static class TableJoin
{
    /// <summary>Columns that tables are joined by; the first that both have.</summary>
    private static readonly string[] Keys = ["uid", "key", "url"];

    /// <summary>Joins a table.</summary>
    /// <param name="session">The database.</param>
    /// <param name="left">The first table; its rows and their order stay.</param>
    /// <param name="right">The second one.</param>
    /// <param name="say">Hears by what they are joined, and which columns have another name now.</param>
    /// <exception cref="ConfigException">They share none of the columns, or the second has a sample twice.</exception>
    public static QueryTable Add(QuerySession session, QueryTable left, QueryTable right, Action<string>? say)
    {
        var shared = Keys.FirstOrDefault(name => ColumnNames.Find(left.Columns, [name]) >= 0 && ColumnNames.Find(right.Columns, [name]) >= 0) ?? throw new ConfigException(
            $"--with '{right.Name}': expected one of the columns {string.Join(", ", Keys)} that the list has too. It has {Listed(right.Columns)}; the list has {Listed(left.Columns)}.");
        var (leftKey, rightKey) = (Key("l.", left, shared), Key("", right, shared));
        var twice = session.Texts(
            $"SELECT k FROM (SELECT {rightKey} AS k FROM {right.Relation}) WHERE k IS NOT NULL GROUP BY k HAVING count(*) > 1 ORDER BY k LIMIT 1");
        if (twice.Count > 0)
        {
            throw new ConfigException($"--with '{right.Name}': its {shared} '{twice[0]}' is there more than once, so a row of the list would come more than once. Leave one of each.");
        }

        var columns = new List<string>(left.Columns);
        var taken = new HashSet<string>(columns, StringComparer.OrdinalIgnoreCase);
        var selected = new List<string>();
        var renamed = new List<string>();
        foreach (var column in right.Columns.Where(column => !(Keys.Contains(column, StringComparer.OrdinalIgnoreCase) && taken.Contains(column))))
        {
            var free = QueryTable.Free(column, taken);
            taken.Add(free);
            columns.Add(free);
            selected.Add($", r.{SqlText.Name(column)} AS {SqlText.Name(free)}");
            if (free != column)
            {
                renamed.Add($"'{column}' is called '{free}'");
            }
        }

        say?.Invoke($"'{right.Name}' is joined by {shared}" + (renamed.Count > 0 ? $"; its {string.Join(", ", renamed)} here." : "."));
        var relation = $"(SELECT l.*{string.Concat(selected)} FROM {left.Relation} l LEFT JOIN (SELECT *, {rightKey} AS {SqlText.Name("flip:key")} FROM {right.Relation}) r "
            + $"ON {leftKey} = r.{SqlText.Name("flip:key")})";
        return new QueryTable(left.Name, relation, columns, left.Unreadable + right.Unreadable);
    }

    /// <summary>Names of columns for a message.</summary>
    public static string Listed(IReadOnlyList<string> columns)
    {
        const int Most = 50;
        return string.Join(", ", columns.Take(Most)) + (columns.Count > Most ? FormattableString.Invariant($" and {columns.Count - Most} more") : "");
    }

    private static string Key(string alias, QueryTable table, string name) => $"CAST({alias}{SqlText.Name(table.Columns[ColumnNames.Find(table.Columns, [name])])} AS VARCHAR)";
}
