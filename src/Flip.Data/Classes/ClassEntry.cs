namespace Flip.Data.Classes;

/// <summary>A class as data sets know it.</summary>
/// <param name="Name">What prompts call it.</param>
/// <param name="Aliases">What layouts call it: folder names, WordNet numbers, names in lists.</param>
public sealed record ClassEntry(string Name, IReadOnlyList<string> Aliases)
{
    /// <summary>Classes that are called by their names alone.</summary>
    public static IReadOnlyList<ClassEntry> OfNames(IEnumerable<string> names) => [.. names.Select(name => new ClassEntry(name, []))];
}
