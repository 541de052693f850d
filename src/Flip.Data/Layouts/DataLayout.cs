using System.Globalization;
using Flip.Data.Questions;

namespace Flip.Data.Layouts;

/// <summary>A way in which people hold a data set: which files are where, and what they say.</summary>
public abstract record DataLayout
{
    /// <summary>What stands for the split in file names.</summary>
    public const string SplitPlaceholder = "{split}";

    private const string CapitalPlaceholder = "{Split}";

    /// <summary>Folders below the data set's in which it may begin; the first that fits is taken.</summary>
    public IReadOnlyList<string> At { get; init; } = [""];

    /// <summary>Its name in descriptions.</summary>
    public abstract string Kind { get; }

    /// <summary>The files that it needs, for people: "class folders (test/CLASS/*.jpg)".</summary>
    /// <param name="split">The part of the data set.</param>
    public abstract string Describe(string split);

    /// <summary>Where the layout begins below a folder; null where it is not there.</summary>
    internal string? Locate(string folder, LayoutOptions options) =>
        At.Select(at => Path.Combine(folder, at)).FirstOrDefault(place => Directory.Exists(place) && IsAt(options.Source.Inside(place), options));

    /// <summary>Whether a folder has the files that tell this layout from others.</summary>
    internal abstract bool IsAt(string folder, LayoutOptions options);

    /// <summary>A name with the split in its place: <c>{split}</c> as it is, <c>{Split}</c> with a capital.</summary>
    private protected static string Fill(string name, string split) => name
        .Replace(SplitPlaceholder, split, StringComparison.Ordinal)
        .Replace(CapitalPlaceholder, char.ToUpperInvariant(split[0]) + split[1..], StringComparison.Ordinal);

    /// <summary>The first of the names that a split goes by of which a folder has a file; null where there is none.</summary>
    /// <exception cref="ConfigException">The file lies outside.</exception>
    private protected static string? FindPart(string folder, string name, LayoutOptions options) =>
        SplitNames.Of(options.Split).FirstOrDefault(part => Path.Combine(folder, Fill(name, part)) is var path && File.Exists(path) && options.Source.Inside(path) == path);

    /// <summary>The first file of a name below a folder in which the split goes by any of its names; null where there is none.</summary>
    /// <exception cref="ConfigException">The file lies outside.</exception>
    private protected static string? FindFile(string folder, string name, LayoutOptions options) =>
        FindPart(folder, name, options) is { } part ? Path.Combine(folder, Fill(name, part)) : null;

    /// <summary>The first of a split's folders that exists and is wanted.</summary>
    private protected static string? FindFolder(string folder, string split, Func<string, bool> isWanted) => SplitNames.Of(split)
        .Select(part => Path.Combine(folder, part))
        .FirstOrDefault(path => Directory.Exists(path) && isWanted(path));

    /// <summary>Where the layout may begin, for people; empty for the folder itself.</summary>
    private protected string Place => At.Any(at => at.Length > 0)
        ? $" in {string.Join(", ", At.Select(at => at.Length == 0 ? "." : at))}"
        : "";

    /// <summary>Names of classes of which nothing but numbers is known.</summary>
    /// <exception cref="ConfigException">A number is beyond every list of classes.</exception>
    private protected static IReadOnlyList<string> NumberNames(IEnumerable<int[]> labels, string source)
    {
        const int most = 1_000_000;
        var largest = labels.SelectMany(label => label).DefaultIfEmpty(-1).Max();
        return largest < most
            ? [.. Enumerable.Range(0, largest + 1).Select(number => number.ToString(CultureInfo.InvariantCulture))]
            : throw new ConfigException($"'{source}' has the class {largest}; there are at most {most}.");
    }
}

/// <summary>A layout of images with classes.</summary>
public abstract record LabelledLayout : DataLayout
{
    /// <summary>Opens it where <see cref="DataLayout.Locate"/> found it.</summary>
    internal abstract LabelledImages Open(string folder, LayoutOptions options, CancellationToken cancellation);
}

/// <summary>A layout of images with captions.</summary>
public abstract record CaptionedLayout : DataLayout
{
    /// <summary>Opens it where <see cref="DataLayout.Locate"/> found it.</summary>
    internal abstract CaptionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation);
}

/// <summary>A layout of images with questions.</summary>
public abstract record QuestionedLayout : DataLayout
{
    /// <summary>Opens it where <see cref="DataLayout.Locate"/> found it.</summary>
    internal abstract QuestionedImages Open(string folder, LayoutOptions options, CancellationToken cancellation);
}
