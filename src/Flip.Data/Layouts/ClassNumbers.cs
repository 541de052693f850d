using Flip.Data.Classes;
using Flip.Data.Files;

namespace Flip.Data.Layouts;

/// <summary>What the numbers in a data set mean: the names that lie beside it, <c>classnames.txt</c> or <c>classes.json</c>, tell.</summary>
/// <param name="Names">Names of the classes; null where nothing is known of them.</param>
/// <param name="Numbers">For each number in the data the number of the class; null where they are the same.</param>
internal sealed record ClassNumbers(IReadOnlyList<string>? Names, int[]? Numbers)
{
    private static readonly string[] Files = ["classnames.txt", "classes.json"];

    /// <summary>Numbers that the data may have.</summary>
    public int Limit => Numbers?.Length ?? Names?.Count ?? int.MaxValue;

    /// <summary>Reads the names beside the data. Where they are the known classes, in whatever order, numbers become theirs.</summary>
    /// <param name="folder">Where the names may lie; null where there are none.</param>
    /// <param name="options">The known classes, and which names win where they are others.</param>
    /// <exception cref="ConfigException">The names cannot be read, or their number is not that of the classes that were asked for.</exception>
    public static ClassNumbers Of(string? folder, LayoutOptions options)
    {
        var known = options.Classes;
        var path = folder is null ? null : Files.Select(name => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        if (path is null)
        {
            return new ClassNumbers(known?.Names, null);
        }

        options.Source.Inside(path);
        var published = path.EndsWith(".json", StringComparison.Ordinal) ? ClassNames.Load(path) : Lines(path);
        if (known is null)
        {
            return new ClassNumbers(published, null);
        }

        var numbers = published.Select((name, place) => NumberOf(known, name, place)).ToArray();
        return published.Count == known.Names.Count && numbers.All(number => number >= 0) && numbers.Distinct().Count() == numbers.Length
            ? new ClassNumbers(known.Names, numbers)
            : options.PreferPublishedNames ? new ClassNumbers(published, null)
            : published.Count == known.Names.Count ? new ClassNumbers(known.Names, null)
            : throw new ConfigException($"'{path}' has {published.Count} classes, and {known.Names.Count} were named.");
    }

    /// <summary>The classes of a sample's numbers.</summary>
    public int[] ClassesOf(int[] label) => Numbers is null ? label : Array.ConvertAll(label, number => Numbers[number]);

    private static List<string> Lines(string path)
    {
        var names = TextLines.LinesOf(path).Select(line => line.Trim()).ToList();
        while (names is [.., ""])
        {
            names.RemoveAt(names.Count - 1);
        }

        return names.Count > 0 ? names : throw new ConfigException($"'{path}' has no name.");
    }

    /// <summary>The class of a published name: the one in its place if that is called so, for names may be there twice.</summary>
    private static int NumberOf(ClassTable known, string name, int place) =>
        place < known.Names.Count && known.IsCalled(place, name) ? place : known.Find(name) ?? -1;
}
