using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsvHelper;
using Flip.Data.Files;

namespace Flip.Data.Layouts;

/// <summary>A line of a list.</summary>
/// <param name="Line">Its number, from 1.</param>
/// <param name="Image">The image's path.</param>
/// <param name="Class">Its class or caption as written.</param>
/// <param name="IsNumber">Whether the class can only be a number.</param>
internal readonly record struct ListRow(int Line, string Image, string Class, bool IsNumber);

/// <summary>Reads lists of images and their classes or captions: columns (<see cref="ListColumns"/>), JSON lines, or lines that a pattern takes apart.</summary>
internal static class ListRows
{
    private const int LongestRow = 1 << 24; // bytes; an open quote must not take the memory

    /// <summary>Images and classes.</summary>
    /// <param name="path">The list.</param>
    /// <param name="isImage">Whether a text names an image that is there.</param>
    /// <exception cref="ConfigException">A line has another form.</exception>
    public static IReadOnlyList<ListRow> Classes(string path, Func<string, bool> isImage) =>
        Read(path, ListColumns.Classes, "class", isImage, OfColumns);

    /// <summary>Images and captions. Of two columns the second goes to the line's end, for published lists have separators without quotes in it.</summary>
    /// <inheritdoc cref="Classes"/>
    public static IReadOnlyList<ListRow> Captions(string path, Func<string, bool> isImage) =>
        Read(path, ListColumns.Captions, "caption", isImage, (csv, columns) => columns is { Image: 0, Text: 1 } and not { HasHeader: true, Count: > 2 } && csv.FieldCount > 2
            ? OfTail(csv)
            : OfColumns(csv, columns));

    /// <summary>Images and classes, from the groups of a pattern.</summary>
    /// <param name="path">The list.</param>
    /// <param name="pattern">Takes a line apart.</param>
    /// <param name="skip">Lines before the first that counts.</param>
    /// <exception cref="ConfigException">A line has another form.</exception>
    public static IReadOnlyList<ListRow> Matches(string path, Regex pattern, int skip) => OfLines(
        path, TextLines.RawLinesOf(path).Index().Skip(skip), line => OfPattern(line, pattern, path), $"'{pattern}'");

    private static List<ListRow> Read(
        string path, string[] texts, string what, Func<string, bool> isImage, Func<CsvReader, ListColumns, ListRow?> ofColumns)
    {
        var form = $"an image's path and its {what}";
        var first = TextLines.RawLinesOf(path).FirstOrDefault(line => line.Trim().Length > 0, "");
        if (first.TrimStart().StartsWith('{'))
        {
            return OfLines(path, TextLines.RawLinesOf(path).Index(), line => OfJson(line, texts), form);
        }

        var columns = ListColumns.Of(path, first, texts, isImage);
        try
        {
            // RFC 4180 has line breaks in quotes. Where the quotes do not close, each is a sign as any other, and one must not take the lines behind it.
            var (rows, isSound) = OfRecords(path, columns, form, ofColumns, lineBreaks: true);
            return Some(path, isSound ? rows : OfRecords(path, columns, form, ofColumns, lineBreaks: false).Rows);
        }
        catch (CsvFormatException e)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }
    }

    private static (List<ListRow> Rows, bool IsSound) OfRecords(
        string path, ListColumns columns, string form, Func<CsvReader, ListColumns, ListRow?> ofColumns, bool lineBreaks)
    {
        var (rows, isSound) = (new List<ListRow>(), true);
        using var text = TextLines.OpenFile(path);
        using var csv = CsvReader.Create(text, new CsvReaderOptions
        {
            Separator = columns.Separator,
            HasHeader = false,
            AllowLineBreaksInQuotes = lineBreaks,
            MaxRecordSize = LongestRow,
            TrackLineNumbers = true,
            OnMalformedRecord = record => isSound &= record.Reason == CsvMalformedReason.StrayQuote, // in a field without quotes it is text
        });
        for (var isFirst = true; csv.Read() && (isSound || !lineBreaks);)
        {
            if (Enumerable.Range(0, csv.FieldCount).All(field => string.IsNullOrWhiteSpace(csv.GetString(field))))
            {
                continue;
            }

            if (!isFirst || !columns.HasHeader)
            {
                var line = checked((int)csv.LineNumber);
                rows.Add(ofColumns(csv, columns) is { } row ? Used(row, path, line) : throw Other(path, line, Encoding.UTF8.GetString(csv.RawRecord), form));
            }

            isFirst = false;
        }

        return (rows, isSound);
    }

    private static List<ListRow> OfLines(string path, IEnumerable<(int Index, string Line)> lines, Func<string, ListRow?> read, string form)
    {
        var rows = new List<ListRow>();
        foreach (var (index, line) in lines.Where(line => line.Line.Trim().Length > 0))
        {
            rows.Add(read(line) is { } row ? Used(row, path, index + 1) : throw Other(path, index + 1, line, form));
        }

        return Some(path, rows);
    }

    /// <summary>A row of a line of which what is used is no broken text.</summary>
    private static ListRow Used(ListRow row, string path, int line) => row with
    {
        Line = line,
        Image = TextLines.Checked(row.Image, path, line),
        Class = TextLines.Checked(row.Class, path, line),
    };

    private static List<ListRow> Some(string path, List<ListRow> rows) =>
        rows.Count > 0 ? rows : throw new ConfigException($"'{path}' has no line that lists an image{TextLines.EmptyHint(path)}.");

    private static ConfigException Other(string path, int line, string text, string form) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"{path}, line {line}: '{UnicodeName.Printable(text.Length > 80 ? text[..80] + "..." : text)}' has another form than {form}."));

    private static ListRow? OfPattern(string line, Regex pattern, string path)
    {
        Match found;
        try
        {
            found = pattern.Match(line);
        }
        catch (RegexMatchTimeoutException)
        {
            throw new ConfigException($"'{path}': the pattern '{pattern}' takes more than {pattern.MatchTimeout.TotalSeconds} seconds for a line; write it without repeats in repeats.");
        }

        var number = found.Groups["number"];
        return found.Success ? new ListRow(0, found.Groups["image"].Value, number.Success ? number.Value : found.Groups["class"].Value, number.Success) : null;
    }

    private static ListRow? OfColumns(CsvReader csv, ListColumns columns) =>
        Math.Max(columns.Image, columns.Text) < csv.FieldCount && csv.GetString(columns.Image).Trim() is { Length: > 0 } image
            ? new ListRow(0, image, csv.GetString(columns.Text).Trim(), IsNumber: false)
            : null;

    /// <summary>The first column, and all behind it as it is written.</summary>
    private static ListRow? OfTail(CsvReader csv) => csv.GetString(0).Trim() is { Length: > 0 } image
        ? new ListRow(0, image, Encoding.UTF8.GetString(csv.RawRecord[(csv.GetRawSpan(0).Length + 1)..]).Trim(), IsNumber: false)
        : null;

    private static ListRow? OfJson(string line, string[] texts)
    {
        try
        {
            using var document = UserJson.Parse(line);
            var (image, text) = (Find(document.RootElement, ListColumns.Images), Find(document.RootElement, texts));
            return image is { ValueKind: JsonValueKind.String } && text is { ValueKind: JsonValueKind.String or JsonValueKind.Number }
                ? new ListRow(0, image.Value.GetString()!, text.Value.ToString(), text.Value.ValueKind == JsonValueKind.Number)
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
}
