namespace Flip.Ingest.Selection;

/// <summary>Names and values as SQL writes them. Nothing from outside goes into a query in any other way.</summary>
internal static class SqlText
{
    /// <summary>The name of a column or table.</summary>
    public static string Name(string name) => "\"" + name.Replace("\"", "\"\"", StringComparison.Ordinal) + "\"";

    /// <summary>A text.</summary>
    public static string Literal(string text) => "'" + text.Replace("'", "''", StringComparison.Ordinal) + "'";

    /// <summary>A list of texts.</summary>
    public static string List(IEnumerable<string> texts) => "[" + string.Join(", ", texts.Select(Literal)) + "]";

    /// <summary>A file's path where DuckDB takes patterns: signs that mean something in them stand in brackets.</summary>
    public static string Pattern(string path) => string.Concat(path.Select(sign => sign is '*' or '?' or '[' ? $"[{sign}]" : sign.ToString()));
}
