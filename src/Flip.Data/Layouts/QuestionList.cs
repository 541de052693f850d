using System.Globalization;
using System.Text;
using System.Text.Json;
using CsvHelper;
using Flip.Data.Files;
using Flip.Data.Questions;

namespace Flip.Data.Layouts;

/// <summary>
/// A list with a question a line: JSON lines with <c>image</c>, <c>question</c> and <c>answers</c> (a list, or one text), or columns with a header that names
/// them. In a column, several answers are a JSON list. <c>id</c> and <c>answer_type</c> may be there too; without ids the lines' numbers are the ids.
/// </summary>
/// <param name="File">The list, relative to the data set; <c>{split}</c> stands for the split.</param>
public sealed record QuestionList(string File) : QuestionedLayout
{
    private const string JsonLines = ".jsonl";
    private const string Separators = ",;\t|";
    private const int LongestRow = 1 << 24; // bytes; an open quote must not take the memory

    /// <summary>Folders in which the images may lie.</summary>
    public IReadOnlyList<string> Images { get; init; } = ["", "images", "Images"];

    /// <inheritdoc/>
    public override string Kind => "questionList";

    /// <inheritdoc/>
    public override string Describe(string split) => $"a list of questions ({Fill(File, split)}{Place}, images in "
        + $"{string.Join(", ", Images.Select(folder => folder.Length == 0 ? "." : folder))})";

    internal override bool IsAt(string folder, LayoutOptions options) => FindFile(folder, File, options) is not null;

    internal override QuestionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation) =>
        Read(FindFile(folder, File, options)!, folder, options, cancellation);

    /// <summary>Opens a list that was named itself: its name has no places to fill.</summary>
    internal static QuestionedImages OpenFile(string path, LayoutOptions options, CancellationToken cancellation) =>
        new QuestionList(Path.GetFileName(path)).Read(path, Path.GetDirectoryName(Path.GetFullPath(path))!, options, cancellation);

    private QuestionedImages Read(string path, string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var records = new QuestionRecords(options.AllowNoAnswer);
        var (numbers, images) = (new Dictionary<string, int>(UnicodeName.Comparer), new List<(string Image, int Line)>());
        foreach (var (line, image, asked) in path.EndsWith(JsonLines, StringComparison.OrdinalIgnoreCase) ? OfLines(path) : OfColumns(path))
        {
            cancellation.ThrowIfCancellationRequested();
            var written = TextLines.Checked(image, path, line);
            if (numbers.TryAdd(written, images.Count))
            {
                images.Add((written, line));
            }

            var id = asked.Id is { Length: > 0 } own ? own : line.ToString(CultureInfo.InvariantCulture);
            records.Add(id, numbers[written], asked, () => string.Create(CultureInfo.InvariantCulture, $"{path}, line {line}"));
        }

        if (images.Count == 0)
        {
            throw new ConfigException($"'{path}' has no line with a question{TextLines.EmptyHint(path)}.");
        }

        var paths = new WrittenPaths();
        var root = Images.Select(place => Path.GetFullPath(Path.Combine(folder, place))).FirstOrDefault(place => System.IO.File.Exists(paths.Resolve(images[0].Image, place)))
            ?? throw new ConfigException(string.Create(
                CultureInfo.InvariantCulture,
                $"{path}, line {images[0].Line}: the image '{UnicodeName.Printable(images[0].Image)}' is in none of the folders {string.Join(", ", Images.Select(place => $"'{Path.Combine(folder, place)}'"))}."));
        return new QuestionedImages(
            FileImages.OfFiles(
                [.. images.Select(image => new ImageFile(UnicodeName.Printable(image.Image), Path.Combine(root, image.Image), string.Create(CultureInfo.InvariantCulture, $" ({path}, line {image.Line})")))],
                options.Source),
            records.All);
    }

    private static IEnumerable<(int Line, string Image, AskedQuestion Asked)> OfLines(string path)
    {
        foreach (var (index, line) in TextLines.RawLinesOf(path).Index())
        {
            if (!string.IsNullOrWhiteSpace(line))
            {
                yield return OfLine(line, path, index + 1);
            }
        }
    }

    private static (int Line, string Image, AskedQuestion Asked) OfLine(string text, string path, int line)
    {
        try
        {
            using var document = UserJson.Parse(text);
            var asked = AskedQuestion.Of(document.RootElement);
            return AskedQuestion.Find(document.RootElement, ListColumns.Images) is { ValueKind: JsonValueKind.String } image && image.GetString() is { Length: > 0 } written
                ? (line, written, asked)
                : throw new InvalidDataException("it has no text 'image'");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or InvalidDataException)
        {
            throw Problem(path, line, e.Message);
        }
    }

    private static IEnumerable<(int Line, string Image, AskedQuestion Asked)> OfColumns(string path)
    {
        var columns = Columns.Of(path, TextLines.RawLinesOf(path).FirstOrDefault(line => !string.IsNullOrWhiteSpace(line), string.Empty));
        var isSound = true;
        using var text = TextLines.OpenFile(path);
        using var csv = CsvReader.Create(text, new CsvReaderOptions
        {
            Separator = columns.Separator,
            HasHeader = false,
            AllowLineBreaksInQuotes = true,
            MaxRecordSize = LongestRow,
            TrackLineNumbers = true,
            OnMalformedRecord = record => isSound &= record.Reason == CsvMalformedReason.StrayQuote, // in a field without quotes it is text
        });
        for (var isFirst = true; Next(csv, path);)
        {
            var line = checked((int)csv.LineNumber);
            if (!isSound)
            {
                throw Problem(path, line, "its quotes do not close");
            }

            if (Enumerable.Range(0, csv.FieldCount).All(field => string.IsNullOrWhiteSpace(csv.GetString(field))))
            {
                continue;
            }

            if (!isFirst)
            {
                yield return OfRecord(csv, columns, path, line);
            }

            isFirst = false;
        }
    }

    private static bool Next(CsvReader csv, string path)
    {
        try
        {
            return csv.Read();
        }
        catch (CsvFormatException e)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message}");
        }
    }

    private static (int Line, string Image, AskedQuestion Asked) OfRecord(CsvReader csv, Columns columns, string path, int line)
    {
        if (csv.FieldCount != columns.Count)
        {
            throw Problem(path, line, string.Create(CultureInfo.InvariantCulture, $"it has {csv.FieldCount} columns, and the header {columns.Count}; a text with the separator stands in quotes"));
        }

        string? Field(int column) => column < 0 ? null : csv.GetString(column).Trim();
        try
        {
            return Field(columns.Image) is { Length: > 0 } image
                ? (line, image, new AskedQuestion(Field(columns.Id), Field(columns.Question)!, Field(columns.Answers) is { } answers ? AskedQuestion.AnswersOf(answers) : [], Field(columns.Type) is { Length: > 0 } type ? type : null))
                : throw new InvalidDataException("it names no image");
        }
        catch (InvalidDataException e)
        {
            throw Problem(path, line, e.Message);
        }
    }

    private static ConfigException Problem(string path, int line, string problem) =>
        new(string.Create(CultureInfo.InvariantCulture, $"{path}, line {line}: {problem.TrimEnd('.')}."));

    /// <summary>Where a header says that things are; -1 for what it does not have.</summary>
    private sealed record Columns(char Separator, int Count, int Image, int Question, int Answers, int Id, int Type)
    {
        public static Columns Of(string path, string header)
        {
            foreach (var separator in path.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? "\t" + Separators : Separators)
            {
                var names = Names(header, separator);
                int Find(string[] wanted) => wanted.Select(name => names.IndexOf(name)).FirstOrDefault(place => place >= 0, -1);
                var columns = new Columns(separator, names.Count, Find(ListColumns.Images), Find(AskedQuestion.Questions), Find(AskedQuestion.AnswerNames), Find(AskedQuestion.Ids), Find(AskedQuestion.Types));
                if (columns is { Image: >= 0, Question: >= 0 })
                {
                    return columns;
                }
            }

            throw new ConfigException($"'{path}' has no header that names its columns: expected image, question and answer or answers, also id and answer_type.");
        }

        private static List<string> Names(string header, char separator)
        {
            using var csv = CsvReader.FromText(header, new CsvReaderOptions { Separator = separator, HasHeader = false });
            return csv.Read() ? [.. Enumerable.Range(0, csv.FieldCount).Select(field => csv.GetString(field).Trim().ToLowerInvariant())] : [];
        }
    }
}
