using Flip.Data;

namespace Flip.Ingest.Tables;

/// <summary>Opens tables by what their files are called.</summary>
public static class TableFiles
{
    /// <summary>What their names end in; texts may be compressed, <c>.csv.gz</c>.</summary>
    public static IReadOnlyList<string> Extensions { get; } = [".parquet", ".csv", ".tsv", ".jsonl", ".ndjson"];

    /// <summary>Whether a file's name is a table's.</summary>
    public static bool IsTable(string path) => ExtensionOf(path) is { } extension && (extension != ".parquet" || TableText.PlainName(path).Length == path.Length);

    /// <summary>Opens one table of the files that a source names.</summary>
    /// <param name="source">A file, a folder with files of one kind, a name with <c>*</c> and <c>?</c> in its last part, or with braces.</param>
    /// <param name="options">What is allowed, and the columns that the user named.</param>
    /// <param name="cancellation">Stops the counting of rows.</param>
    /// <exception cref="ConfigException">There is none, one cannot be read, or they have other columns than the first.</exception>
    public static ITable Open(string source, TableOptions? options = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        options ??= new();
        return Open(SourceFiles.Find(source, IsTable, options.Source), source, options, cancellation);
    }

    /// <summary>Opens files as one table.</summary>
    internal static ITable Open(IReadOnlyList<string> files, string source, TableOptions options, CancellationToken cancellation)
    {
        if (files.FirstOrDefault(file => !IsTable(file)) is { } other)
        {
            throw new ConfigException($"'{other}' is no table: expected {Expected}.");
        }

        string[] kinds = [.. files.Select(ExtensionOf).OfType<string>().Distinct()];
        return kinds.Length switch
        {
            0 => throw new ConfigException($"'{source}' names no table: expected files that end in {Expected}."),
            > 1 => throw new ConfigException($"'{source}' has tables of several kinds, {string.Join(", ", kinds)}: name one kind, such as '*{kinds[0]}'."),
            _ => files.Count == 1 ? OpenFile(files[0], options, cancellation) : new JoinedTable([.. files.Select(file => OpenFile(file, options, cancellation))]),
        };
    }

    internal static string Expected => string.Join(", ", Extensions) + " (texts also with .gz)";

    private static string? ExtensionOf(string path) => Extensions.FirstOrDefault(extension => TableText.PlainName(path).EndsWith(extension, StringComparison.OrdinalIgnoreCase));

    private static ITable OpenFile(string path, TableOptions options, CancellationToken cancellation) => ExtensionOf(path) switch
    {
        ".parquet" => ParquetTable.Open(path, options),
        ".jsonl" or ".ndjson" => JsonLinesTable.Open(path, cancellation),
        _ => CsvTable.Open(path, options, cancellation),
    };
}
