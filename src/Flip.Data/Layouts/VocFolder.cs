using System.Globalization;
using Flip.Data.Classes;
using Flip.Data.Files;

namespace Flip.Data.Layouts;

/// <summary>
/// Pascal VOC's classification task: a list for each class and split, <c>ImageSets/Main/aeroplane_test.txt</c>, whose lines have an image of
/// <c>JPEGImages</c> and 1 (it shows the class), 0 (it shows difficult objects of it alone) or -1. The 0s become
/// <see cref="LabelledImages.Ignored"/>.
/// </summary>
public sealed record VocFolder : LabelledLayout
{
    private const string Lists = "ImageSets/Main";
    private static readonly char[] Blanks = [' ', '\t'];

    /// <inheritdoc/>
    public override string Kind => "voc";

    /// <inheritdoc/>
    public override string Describe(string split) => $"Pascal VOC's folders ({Lists}/CLASS_{split}.txt and JPEGImages{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) =>
        Directory.Exists(Path.Combine(folder, "JPEGImages")) && Directory.Exists(Path.Combine(folder, Lists)) && Find(folder, options.Split).Count > 0;

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var lists = Find(folder, options.Split);
        var table = options.Classes ?? new ClassTable(ClassEntry.OfNames(lists.Keys.Order(StringComparer.Ordinal)));
        var classes = lists.Keys.ToDictionary(name => name, table.Find);
        List<string> problems =
        [
            .. classes.Where(found => found.Value is null).Select(found => $"The list '{lists[found.Key]}' is of none of the {table.Names.Count} classes."),
            .. table.Names.Index().Where(entry => !classes.ContainsValue(entry.Index))
                .Select(entry => $"'{Path.Combine(folder, Lists)}' has no list of the class '{entry.Item}'."),
        ];
        if (problems.Count > 0)
        {
            throw new ConfigException(problems);
        }

        var images = new SortedDictionary<string, (SortedSet<int> Shown, SortedSet<int> Difficult)>(StringComparer.Ordinal);
        foreach (var (name, path) in lists)
        {
            Read(options.Source.Inside(path), classes[name]!.Value, images);
        }

        var files = images.Keys.Select(name => new ImageFile(
            UnicodeName.Printable(name), Path.Combine(Path.GetFullPath(folder), "JPEGImages", name + ".jpg"), $" ({Lists})"));
        return new LabelledImages(
            FileImages.OfFiles([.. files], options.Source), [.. images.Values.Select(image => image.Shown.ToArray())], table.Names)
        {
            Ignored = [.. images.Values.Select(image => image.Difficult.ToArray())],
        };
    }

    private static void Read(string path, int number, SortedDictionary<string, (SortedSet<int> Shown, SortedSet<int> Difficult)> images)
    {
        foreach (var (index, line) in TextLines.LinesOf(path).Index())
        {
            var parts = line.Split(Blanks, StringSplitOptions.RemoveEmptyEntries);
            if (parts.Length == 0)
            {
                continue;
            }

            if (parts.Length != 2 || parts[1] is not ("1" or "0" or "-1") || parts[0].AsSpan().ContainsAny('/', '\\'))
            {
                throw new ConfigException(string.Create(
                    CultureInfo.InvariantCulture, $"{path}, line {index + 1}: expected an image's name and 1, 0 or -1."));
            }

            if (!images.TryGetValue(parts[0], out var image))
            {
                images.Add(parts[0], image = ([], []));
            }

            _ = parts[1] == "1" ? image.Shown.Add(number) : parts[1] == "0" && image.Difficult.Add(number);
        }
    }

    /// <summary>The lists of a split by the names of their classes.</summary>
    private static Dictionary<string, string> Find(string folder, string split)
    {
        foreach (var ending in SplitNames.Of(split).Select(part => $"_{part}.txt"))
        {
            var lists = Directory.EnumerateFiles(Path.Combine(folder, Lists), "*" + ending).ToList();
            if (lists.Count > 0)
            {
                return lists.ToDictionary(path => Path.GetFileName(path)[..^ending.Length]);
            }
        }

        return [];
    }
}
