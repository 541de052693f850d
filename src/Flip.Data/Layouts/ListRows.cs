using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Sources;

namespace Flip.Data.Layouts;

/// <summary>A line of a list.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Image">The image's path.</param>
/// <param name="Class">Its class as written.</param>
/// <param name="IsNumber">Whether the class can only be a number.</param>
internal readonly record struct ListRow(int Line, string Image, string Class, bool IsNumber);

/// <summary>Reads lists of images and their classes or captions.</summary>
internal static class ListRows
{
    private static readonly string[] ImageColumns = ["path", "image", "img", "file", "filename", "filepath", "image_name", "image_path"];
    private static readonly string[] ClassColumns = ["label", "class", "classid", "class_id", "category", "target", "caption", "text"];

    /// <summary>All rows.</summary>
    /// <param name="path">The list.</param>
    /// <param name="pattern">Takes a line apart; null reads columns or JSON lines.</param>
    /// <param name="skip">Lines before the first that count for a pattern.</param>
    /// <exception cref="ConfigException">A line has another form.</exception>
    public static IReadOnlyList<ListRow> Read(string path, Regex? pattern, int skip)
    {
        var rows = new List<ListRow>();
        Func<string, ListRow?>? read = pattern is null ? null : line => OfPattern(line, pattern);
        foreach (var (index, line) in TextLines.RawLinesOf(path).Index())
        {
            if (index < skip || line.Trim().Length == 0)
            {
                continue;
            }

            if (read is null)
            {
                var isJson = line.TrimStart().StartsWith('{');
                var (columns, isHeader) = isJson ? (default, false) : Columns(line, path);
                read = isJson ? OfJson : text => OfColumns(text, columns);
                if (isHeader)
                {
                    continue;
                }
            }

            rows.Add(read(line) is { } row
                ? row with { Line = index + 1, Image = TextLines.Checked(row.Image, path, index + 1), Class = TextLines.Checked(row.Class, path, index + 1) }
                : throw new ConfigException($"{path}, line {index + 1}: '{Shown(line)}' has another form than {Form(pattern)}."));
        }

        return rows.Count > 0 ? rows : throw new ConfigException($"'{path}' has no line that lists an image.");
    }

    /// <summary>Images and captions: all behind the first comma is the caption, for published lists have commas without quotes in it.</summary>
    /// <param name="path">The list; its first line is a header where it says <c>image</c>.</param>
    /// <exception cref="ConfigException">A line has another form.</exception>
    public static IEnumerable<ListRow> Captions(string path)
    {
        foreach (var (index, line) in TextLines.LinesOf(path).Index())
        {
            var comma = line.IndexOf(',', StringComparison.Ordinal);
            if (line.Trim().Length == 0 || (index == 0 && comma > 0 && ImageColumns.Contains(line[..comma].Trim().ToLowerInvariant())))
            {
                continue;
            }

            var isQuoted = comma > 0 && line[comma..].TrimEnd() is [',', '"', .., '"'];
            yield return comma > 0
                ? new ListRow(index + 1, line[..comma].Trim(), isQuoted ? Fields(line, ',')[1] : line[(comma + 1)..], IsNumber: false)
                : throw new ConfigException($"{path}, line {index + 1}: '{Shown(line)}' has another form than an image's path, a comma and a caption.");
        }
    }

    private static string Form(Regex? pattern) => pattern is null ? "an image's path and its class" : $"'{pattern}'";

    private static string Shown(string line) => ShardReader.Printable(line.Length > 80 ? line[..80] + "..." : line);

    private static ListRow? OfPattern(string line, Regex pattern)
    {
        var found = pattern.Match(line);
        var number = found.Groups["number"];
        return found.Success ? new ListRow(0, found.Groups["image"].Value, number.Success ? number.Value : found.Groups["class"].Value, number.Success) : null;
    }

    /// <summary>Which columns have image and class, and whether the line is a header that says so.</summary>
    private static ((char Delimiter, int Image, int Class) Columns, bool IsHeader) Columns(string line, string path)
    {
        var delimiter = path.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? '\t' : ",;\t".FirstOrDefault(line.Contains, ',');
        var fields = Fields(line, delimiter).ConvertAll(field => field.Trim().ToLowerInvariant());
        var (image, label) = (fields.FindIndex(ImageColumns.Contains), fields.FindIndex(ClassColumns.Contains));
        return image >= 0 && label >= 0 ? ((delimiter, image, label), true) : ((delimiter, 0, 1), false);
    }

    private static ListRow? OfColumns(string line, (char Delimiter, int Image, int Class) columns)
    {
        var fields = Fields(line, columns.Delimiter);
        return Math.Max(columns.Image, columns.Class) < fields.Count && fields[columns.Image].Trim() is { Length: > 0 } image
            ? new ListRow(0, image, fields[columns.Class].Trim(), IsNumber: false)
            : null;
    }

    private static ListRow? OfJson(string line)
    {
        try
        {
            using var document = UserJson.Parse(line);
            var (image, label) = (Find(document.RootElement, ImageColumns), Find(document.RootElement, ClassColumns));
            return image is { ValueKind: JsonValueKind.String } && label is { ValueKind: JsonValueKind.String or JsonValueKind.Number }
                ? new ListRow(0, image.Value.GetString()!, label.Value.ToString(), label.Value.ValueKind == JsonValueKind.Number)
                : null;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return null; // InvalidOperationException: no object, or a string with half a surrogate pair
        }
    }

    private static JsonElement? Find(JsonElement element, string[] names)
    {
        foreach (var name in names)
        {
            if (element.TryGetProperty(name, out var value))
            {
                return value;
            }
        }

        return null;
    }

    /// <summary>The fields of a line; those in quotes may have delimiters, and quotes twice.</summary>
    private static List<string> Fields(string line, char delimiter)
    {
        var fields = new List<string>();
        var field = new StringBuilder();
        var quoted = false;
        for (var i = 0; i < line.Length; i++)
        {
            if (line[i] == '"' && quoted && i + 1 < line.Length && line[i + 1] == '"')
            {
                field.Append(line[i++]);
            }
            else if (line[i] == '"' && (quoted || field.Length == 0))
            {
                quoted = !quoted;
            }
            else if (line[i] == delimiter && !quoted)
            {
                fields.Add(field.ToString());
                field.Clear();
            }
            else
            {
                field.Append(line[i]);
            }
        }

        fields.Add(field.ToString());
        return fields;
    }
}
