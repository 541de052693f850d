using CsvHelper;

namespace Flip.Data.Layouts;

/// <summary>How a list of columns is to be read, as its first line tells.</summary>
/// <param name="Separator">What divides the columns.</param>
/// <param name="HasHeader">Whether the first line names them.</param>
/// <param name="Image">The column of the images' paths.</param>
/// <param name="Text">The column of classes or captions.</param>
/// <param name="Count">Columns of the first line.</param>
internal sealed record ListColumns(char Separator, bool HasHeader, int Image, int Text, int Count)
{
    private const string Separators = ",;\t|";

    /// <summary>What lists call the column of images, the better names first.</summary>
    public static readonly string[] Images =
    [
        "path", "filepath", "file_path", "image_path", "img_path", "image", "img", "file", "filename", "file_name", "image_name", "image_file", "url",
    ];

    /// <summary>What they call that of captions.</summary>
    public static readonly string[] Captions = ["caption", "title", "text", "sentence", "comment"];

    /// <summary>What they call that of classes; of a list without any the captions are taken.</summary>
    public static readonly string[] Classes =
    [
        "label", "class", "classid", "class_id", "category", "target", "class_name", "label_name", .. Captions,
    ];

    /// <summary>Finds the columns.</summary>
    /// <param name="path">The list.</param>
    /// <param name="line">Its first line that is not blank.</param>
    /// <param name="texts">Names of the wanted column beside the images.</param>
    /// <param name="isImage">Whether a text names an image that is there: a line that does is no header, whatever else it says.</param>
    /// <exception cref="ConfigException">The header has no column for what is wanted.</exception>
    public static ListColumns Of(string path, string line, string[] texts, Func<string, bool> isImage)
    {
        var separators = path.EndsWith(".tsv", StringComparison.OrdinalIgnoreCase) ? "\t" + Separators : Separators;
        var divided = separators.Select(separator => (Separator: separator, Fields: Fields(line, separator)))
            .Where(candidate => candidate.Fields.Count > 1).ToList();
        foreach (var (separator, fields) in divided)
        {
            var names = fields.ConvertAll(field => field.ToLowerInvariant());
            if (Find(names, Images) is var image and >= 0 && !isImage(fields[image]))
            {
                var text = Find(names, texts) is var found and >= 0 ? found : names.Count == 2 ? 1 - image : -1;
                return text >= 0 && text != image
                    ? new ListColumns(separator, true, image, text, names.Count)
                    : throw new ConfigException($"'{path}': its header has no column that is called {string.Join(", ", texts)}; it has "
                        + $"{string.Join(", ", names.Select(UnicodeName.Printable))}.");
            }
        }

        // A line that names an image tells by itself what divides it; a caption may have the other signs.
        var chosen = Math.Max(0, divided.FindIndex(candidate => isImage(candidate.Fields[0])));
        return divided.Count == 0
            ? new ListColumns(separators[0], false, 0, 1, 1)
            : new ListColumns(divided[chosen].Separator, false, 0, 1, divided[chosen].Fields.Count);
    }

    private static int Find(List<string> names, string[] wanted) =>
        wanted.Select(name => names.IndexOf(name)).FirstOrDefault(place => place >= 0, -1);

    private static List<string> Fields(string line, char separator)
    {
        using var csv = CsvReader.FromText(line, new CsvReaderOptions { Separator = separator, HasHeader = false });
        return csv.Read() ? [.. Enumerable.Range(0, csv.FieldCount).Select(field => csv.GetString(field).Trim())] : [];
    }
}
