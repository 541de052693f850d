using System.Globalization;
using System.Text;

namespace Flip.Data.Classes;

/// <summary>
/// Finds classes by what a layout calls them: by name or alias, first as written, then composed
/// (<see cref="UnicodeName"/>), then by letters and digits alone, so that
/// <c>apple_pie</c>, <c>Apple Pie</c> and <c>ApplePie</c> are one. An alias
/// goes before another class's name; what two classes share finds neither.
/// </summary>
public sealed class ClassTable
{
    private const int Ambiguous = -2;

    private const int ClassesShown = 3;

    private readonly Dictionary<string, int> _exact;
    private readonly Dictionary<string, int> _composed;
    private readonly Dictionary<string, int> _normalized;

    /// <summary>A table of classes, which are numbered in their order.</summary>
    public ClassTable(IReadOnlyList<ClassEntry> classes)
    {
        ArgumentNullException.ThrowIfNull(classes);
        Classes = classes;
        Names = [.. classes.Select(entry => entry.Name)];
        _exact = Numbers(classes, text => text);
        _composed = Numbers(classes, UnicodeName.Composed);
        _normalized = Numbers(classes, Normalize);
    }

    /// <summary>The classes in the order of their numbers.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; }

    /// <summary>Names in the order of the numbers.</summary>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The number of a class; null where the text names none, or more than one.</summary>
    public int? Find(string text) =>
        _exact.TryGetValue(text, out var number) && number >= 0 ? number
        : _composed.TryGetValue(UnicodeName.Composed(text), out number) && number >= 0 ? number
        : _normalized.TryGetValue(Normalize(text), out number) && number >= 0 ? number
        : null;

    /// <summary>Whether a class is called so.</summary>
    public bool IsCalled(int number, string text) =>
        Classes[number].Aliases.Prepend(Classes[number].Name).Any(called => Normalize(called) == Normalize(text));

    /// <summary>The texts that name more than one class as they are written.</summary>
    public IEnumerable<string> AmbiguousTexts() => _exact.Where(entry => entry.Value == Ambiguous).Select(entry => entry.Key);

    /// <summary>Whether a text finds no class because it names more than one.</summary>
    public bool IsShared(string text) => Find(text) is null && _normalized.GetValueOrDefault(Normalize(text)) == Ambiguous;

    /// <summary>Why a text finds no class, for people: "is none of the 3 classes, such as ...".</summary>
    public string Describe(string text) => IsShared(text)
        ? $"is two or more of the {Names.Count} classes, so it tells none"
        : $"is none of the {Names.Count} classes, such as {string.Join(", ", Classes.Take(ClassesShown).Select(Called))}";

    private static string Called(ClassEntry entry) => entry.Aliases.Count == 0 ? $"'{entry.Name}'" : $"'{entry.Aliases[0]}' ({entry.Name})";

    /// <summary>Classes that are called as an earlier one, whatever their case, blanks, hyphens and underscores.</summary>
    /// <param name="names">Names in the order of the numbers.</param>
    public static IReadOnlyList<(int First, int Later)> Alike(IReadOnlyList<string> names)
    {
        ArgumentNullException.ThrowIfNull(names);
        var firstOf = new Dictionary<string, int>(StringComparer.Ordinal);
        var alike = new List<(int First, int Later)>();
        foreach (var (number, name) in names.Index())
        {
            var plain = string.Concat(UnicodeName.Composed(name).Where(letter => !char.IsWhiteSpace(letter) && letter is not ('_' or '-'))).ToLowerInvariant();
            if (!firstOf.TryAdd(plain, number))
            {
                alike.Add((firstOf[plain], number));
            }
        }

        return alike;
    }

    /// <summary>Letters, their marks, and digits in lower case; the text itself where it has none.</summary>
    private static string Normalize(string text)
    {
        var kept = new StringBuilder(text.Length);
        foreach (var rune in UnicodeName.Composed(text).EnumerateRunes().Where(IsKept))
        {
            kept.Append(Rune.ToLowerInvariant(rune));
        }

        return kept.Length > 0 ? kept.ToString() : text;
    }

    private static bool IsKept(Rune rune) => Rune.IsLetterOrDigit(rune)
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>The class of each text in one form. What layouts call a class says more than what prompts call another.</summary>
    private static Dictionary<string, int> Numbers(IReadOnlyList<ClassEntry> classes, Func<string, string> form)
    {
        var (names, aliases) = (new Dictionary<string, int>(StringComparer.Ordinal), new Dictionary<string, int>(StringComparer.Ordinal));
        foreach (var (number, entry) in classes.Index())
        {
            Add(names, form(entry.Name), number);
            foreach (var alias in entry.Aliases)
            {
                Add(aliases, form(alias), number);
            }
        }

        foreach (var (alias, number) in aliases)
        {
            names[alias] = number;
        }

        return names;
    }

    private static void Add(Dictionary<string, int> numbers, string text, int number) =>
        numbers[text] = numbers.TryGetValue(text, out var other) && other != number ? Ambiguous : number;
}
