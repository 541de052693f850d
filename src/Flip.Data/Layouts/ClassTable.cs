namespace Flip.Data.Layouts;

/// <summary>
/// Finds classes by what a layout calls them: by name or alias, first as written, then by letters and digits alone, so that
/// <c>apple_pie</c>, <c>Apple Pie</c> and <c>ApplePie</c> are one. What two classes share finds neither.
/// </summary>
public sealed class ClassTable
{
    private const int Ambiguous = -2;

    private readonly Dictionary<string, int> _exact = new(StringComparer.Ordinal);
    private readonly Dictionary<string, int> _normalized = new(StringComparer.Ordinal);

    /// <summary>A table of classes, which are numbered in their order.</summary>
    public ClassTable(IReadOnlyList<ClassEntry> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        Classes = classes;
        Names = [.. classes.Select(entry => entry.Name)];
        foreach (var (number, entry) in classes.Index())
        {
            foreach (var text in entry.Aliases.Prepend(entry.Name))
            {
                Add(_exact, text, number);
                Add(_normalized, Normalize(text), number);
            }
        }
    }

    /// <summary>The classes in the order of their numbers.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; }

    /// <summary>Names in the order of the numbers.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of a class; null where the text names none, or more than one.</summary>
    public int? Find(string text) =>
        _exact.TryGetValue(text, out var number) && number >= 0 ? number
        : _normalized.TryGetValue(Normalize(text), out number) && number >= 0 ? number
        : null;

    /// <summary>Whether a class is called so.</summary>
    public bool IsCalled(int number, string text) =>
        Classes[number].Aliases.Prepend(Classes[number].Name).Any(called => Normalize(called) == Normalize(text));

    /// <summary>The texts that name more than one class as they are written.</summary>
    public IEnumerable<string> AmbiguousTexts() => _exact.Where(entry => entry.Value == Ambiguous).Select(entry => entry.Key);

    /// <summary>Letters and digits in lower case; the text itself where it has neither.</summary>
    public static string Normalize(string text)
    {
        var kept = string.Concat(text.Where(char.IsLetterOrDigit)).ToLowerInvariant();
        return kept.Length > 0 ? kept : text;
    }

    private static void Add(Dictionary<string, int> numbers, string text, int number) =>
        numbers[text] = numbers.TryGetValue(text, out var other) && other != number ? Ambiguous : number;
}
