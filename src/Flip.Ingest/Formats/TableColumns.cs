using Flip.Data;
using Flip.Ingest.Tables;

namespace Flip.Ingest.Formats;

/// <summary>Which columns of a table have what of a pair.</summary>
/// <param name="Image">The image's address, path or bytes.</param>
/// <param name="Path">The path of an image whose bytes are missing, as Hugging Face has it; below zero for none.</param>
/// <param name="Captions">Captions; may be none.</param>
/// <param name="Key">What a row calls itself; below zero for none.</param>
/// <param name="Class">The class; below zero for none.</param>
internal sealed record TableColumns(int Image, int Path, IReadOnlyList<int> Captions, int Key, int Class)
{
    private static readonly string[] Parts = [.. ColumnNames.Images.Where(name => name.Contains('.', StringComparison.Ordinal))];

    /// <summary>Finds the columns by what the user named, else by their usual names, else, where they have none, by what the first row holds.</summary>
    /// <exception cref="ConfigException">One is not there; the message has the columns.</exception>
    public static TableColumns Of(ITable table, PairReaderOptions options)
    {
        var names = table.Columns;
        var first = ColumnNames.Find(names, [.. ColumnNames.Images, .. ColumnNames.Paths, .. ColumnNames.Urls, .. ColumnNames.Captions]) < 0
            ? table.Read().FirstOrDefault(row => row.Problem is null)
            : null;
        var image = options.ImageColumn is { } wanted ? Named(table, wanted, "--image-column")
            : first is not null ? Enumerable.Range(0, names.Count).Where(column => IsImage(first.Text(column))).DefaultIfEmpty(-1).First()
            : ColumnNames.Find(names, [.. Parts, .. ColumnNames.Paths, .. ColumnNames.Urls, .. ColumnNames.Images]);
        if (image < 0)
        {
            throw Missing(table, "images", [.. ColumnNames.Paths, .. ColumnNames.Urls, .. ColumnNames.Images], "--image-column");
        }

        var type = ColumnNames.Find(names, ColumnNames.Classes);
        IReadOnlyList<int> captions = options.CaptionColumns.Count > 0 ? [.. options.CaptionColumns.Select(name => Named(table, name, "--caption-column"))]
            : first is not null ? [.. Enumerable.Range(0, names.Count).Where(column => column != image && first.Text(column) is not null).Take(1)]
            : [.. ((int[])[ColumnNames.Find(names, ColumnNames.Captions.Where(name => !string.Equals(name, names[image], StringComparison.OrdinalIgnoreCase)))]).Where(column => column >= 0)];
        return captions.Count > 0 || type >= 0
            ? new TableColumns(image, PathBeside(names, image), captions, ColumnNames.Find(names, ColumnNames.Keys), type)
            : throw Missing(table, "captions", ColumnNames.Captions, "--caption-column");
    }

    /// <summary>Whether a text is an address, or ends as an image's name.</summary>
    private static bool IsImage(string? text) =>
        text is not null && (text.Contains("://", StringComparison.Ordinal) || Data.Files.ImageFolder.Extensions.Contains(System.IO.Path.GetExtension(text), StringComparer.OrdinalIgnoreCase));

    private static int PathBeside(IReadOnlyList<string> names, int image) => names[image].EndsWith(".bytes", StringComparison.OrdinalIgnoreCase)
        ? ColumnNames.Find(names, [names[image][..^".bytes".Length] + ".path"])
        : -1;

    private static int Named(ITable table, string name, string option) =>
        ColumnNames.Find(table.Columns, [name]) is >= 0 and var column ? column
            : ColumnNames.Find(table.Columns, [name + ".bytes"]) is >= 0 and var part ? part
            : throw new ConfigException($"{option} {name}: '{table.Name}' has no such column; it has {Shown(table)}.");

    private static ConfigException Missing(ITable table, string what, IReadOnlyList<string> names, string option) => new(
        $"'{table.Name}' has no column of {what}: none of its columns ({Shown(table)}) is called {string.Join(", ", names.Distinct().Where(name => !name.Contains('.', StringComparison.Ordinal)))}. Name it with {option}.");

    private static string Shown(ITable table) => string.Join(", ", table.Columns.Take(30).Select(UnicodeName.Printable));
}
