using System.Globalization;
using System.Text.RegularExpressions;
using Flip.Data.Classes;
using Flip.Data.Files;

namespace Flip.Data.Layouts;

/// <summary>
/// A file that lists images and their classes: CSV, also with other separators, with a header (<c>path,label</c>; <see cref="ListColumns"/> has all names) or with these two columns first, JSON lines
/// (<c>{"img": ..., "label": ...}</c>), or any lines that a pattern takes apart.
/// </summary>
/// <param name="File">The list, relative to the data set; <c>{split}</c> stands for the split, <c>{Split}</c> for it with a capital.</param>
public sealed record LabelList(string File) : LabelledLayout
{
    private const int ProblemsShown = 5;

    /// <summary>A line takes microseconds; only a pattern of repeats in repeats takes longer.</summary>
    private static readonly TimeSpan LongestMatch = TimeSpan.FromSeconds(1);

    /// <summary>The folder, relative to the data set, that paths in the list are relative to.</summary>
    public string Images { get; init; } = "";

    /// <summary>What is added to the paths in the list, such as ".jpg".</summary>
    public string Extension { get; init; } = "";

    /// <summary>A regular expression for a line, with the groups <c>image</c> and <c>class</c> (what the class is called) or <c>number</c>;
    /// null reads columns.</summary>
    public string? Pattern { get; init; }

    /// <summary>Lines before the first image that a <see cref="Pattern"/> does not see.</summary>
    public int SkipLines { get; init; }

    /// <summary>The number of the first class, where classes are numbers.</summary>
    public int FirstNumber { get; init; }

    /// <inheritdoc/>
    public override string Kind => "list";

    /// <inheritdoc/>
    public override string Describe(string split) =>
        $"a list ({Fill(File, split)}{(Images.Length > 0 ? $" of images in {Fill(Images, split)}" : "")}{Place})";

    internal override bool IsAt(string folder, LayoutOptions options) =>
        FindPart(folder, File, options) is { } part && Directory.Exists(Path.Combine(folder, Fill(Images, part)));

    internal override LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation)
    {
        var part = FindPart(folder, File, options)!;
        return Read(Path.Combine(folder, Fill(File, part)), Path.GetFullPath(Path.Combine(folder, Fill(Images, part))), options);
    }

    /// <summary>Opens a list that was named itself: its name has no places to fill.</summary>
    internal static LabelledImages OpenFile(string path, LayoutOptions options) =>
        new LabelList(Path.GetFileName(path)).Read(path, Path.GetDirectoryName(Path.GetFullPath(path))!, options);

    private LabelledImages Read(string path, string images, LayoutOptions options)
    {
        var paths = new WrittenPaths();
        var rows = Pattern is null
            ? ListRows.Classes(path, image => paths.Resolve(image + Extension, images) is var file && (System.IO.File.Exists(file) || (options.Videos && Directory.Exists(file))))
            : ListRows.Matches(path, new Regex(Pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, LongestMatch), SkipLines);
        var table = options.Classes ?? TableOf(rows);
        var files = new List<ImageFile>();
        var labels = new List<List<int>>();
        var placeOf = new Dictionary<string, int>(StringComparer.Ordinal);
        var problems = new List<string>();
        foreach (var row in rows)
        {
            if (NumberOf(row, table) is not { } number)
            {
                if (!options.IgnoreOtherClasses)
                {
                    problems.Add($"{path}, line {row.Line}: '{UnicodeName.Printable(row.Class)}' {table.Describe(row.Class)}.");
                }
            }
            else if (!placeOf.TryGetValue(row.Image, out var place))
            {
                placeOf.Add(row.Image, files.Count);
                files.Add(FileOf(row, paths.Resolve(row.Image + Extension, images), path, options));
                labels.Add([number]);
            }
            else if (options.SeveralLabels)
            {
                labels[place].Add(number);
            }
            else
            {
                problems.Add($"{path}, line {row.Line}: the image '{UnicodeName.Printable(row.Image)}' is there already{files[place].Place}.");
            }

            if (problems.Count > ProblemsShown)
            {
                break;
            }
        }

        return problems.Count > 0 ? throw new ConfigException(problems)
            : files.Count == 0 ? throw new ConfigException($"'{path}' lists no image of the {table.Names.Count} classes.")
            : new LabelledImages(
                FileImages.OfFiles(files, options.Source), [.. labels.Select(label => label.Distinct().Order().ToArray())], table.Names);
    }

    /// <summary>Where no classes are known: the sorted labels, or all numbers to the largest.</summary>
    private ClassTable TableOf(IReadOnlyList<ListRow> rows)
    {
        var numbers = rows.Select(row => LabelText.Number(row.Class, int.MaxValue, FirstNumber)).ToList();
        return new ClassTable(ClassEntry.OfNames(numbers.TrueForAll(number => number is not null)
            ? NumberNames(numbers.Select(number => new[] { number!.Value }), File)
            : rows.Select(row => UnicodeName.Composed(row.Class)).Distinct().Order(StringComparer.Ordinal)));
    }

    private int? NumberOf(ListRow row, ClassTable table) =>
        (row.IsNumber ? null : table.Find(row.Class)) ?? LabelText.Number(row.Class, table.Names.Count, FirstNumber);

    private static ImageFile FileOf(ListRow row, string file, string path, LayoutOptions options)
    {
        var place = string.Create(CultureInfo.InvariantCulture, $" ({path}, line {row.Line})");
        if (!options.Videos || !Directory.Exists(file))
        {
            return new ImageFile(UnicodeName.Printable(row.Image), file, place);
        }

        var frames = ImageFolder.Find(options.Source.Inside(file), options.Source with { Say = null });
        return frames.Count == 0
            ? throw new ConfigException($"The folder '{row.Image}'{place} has no frame ({string.Join(", ", ImageFolder.Extensions)}).")
            : new ImageFile(UnicodeName.Printable(row.Image), frames[frames.Count / 2].Path, place);
    }
}
