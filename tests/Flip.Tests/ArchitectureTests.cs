using System.Text.RegularExpressions;

namespace Flip.Tests;

/// <summary>The arrows between folders: those of the code are those of the table in docs/architecture.md, and none leads back.</summary>
public sealed partial class ArchitectureTests
{
    private static readonly string Root = Path.GetFullPath(SharedData.Test(".."));

    private static readonly IReadOnlyDictionary<string, IReadOnlySet<string>> Allowed = ReadTable();

    [Fact]
    public void The_code_has_the_arrows_of_the_table_and_no_others()
    {
        var found = ReadCode();
        Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), found.Keys.Order(StringComparer.Ordinal));
        Assert.All(found, folder => Assert.Equal(Allowed[folder.Key].Order(StringComparer.Ordinal), folder.Value.Order(StringComparer.Ordinal)));
    }

    [Fact]
    public void No_arrows_of_the_table_lead_in_a_circle()
    {
        var (open, done) = (new List<string>(), new HashSet<string>(StringComparer.Ordinal));
        foreach (var folder in Allowed.Keys)
        {
            Follow(folder);
        }

        void Follow(string folder)
        {
            Assert.False(open.Contains(folder), $"{string.Join(" -> ", open.SkipWhile(on => on != folder))} -> {folder}");
            if (done.Contains(folder))
            {
                return;
            }

            open.Add(folder);
            foreach (var next in Allowed[folder])
            {
                Follow(next);
            }

            open.RemoveAt(open.Count - 1);
            done.Add(folder);
        }
    }

    [Fact]
    public void A_file_lies_in_the_folder_of_its_namespace_and_has_at_most_300_lines()
    {
        foreach (var (file, text) in Sources())
        {
            var folder = Path.GetRelativePath(Path.Combine(Root, "src"), Path.GetDirectoryName(file)!).Replace(Path.DirectorySeparatorChar, '.');
            Assert.True(NamespaceOf(text) is not { } space || space == folder, $"{file} is of {NamespaceOf(text)}.");
            Assert.True(text.AsSpan().Count('\n') <= 300, $"{file} has more than 300 lines.");
        }
    }

    /// <summary>The folders that the files of each folder read.</summary>
    private static Dictionary<string, HashSet<string>> ReadCode()
    {
        var arrows = Sources().Where(source => NamespaceOf(source.Text) is not null)
            .ToLookup(source => NamespaceOf(source.Text)!, source => Usings().Matches(source.Text).Select(match => match.Groups[1].Value));
        var folders = arrows.Select(folder => folder.Key).ToHashSet(StringComparer.Ordinal);
        return arrows.ToDictionary(
            folder => folder.Key,
            folder => folder.SelectMany(names => names).Select(Folder).OfType<string>().Where(name => name != folder.Key).ToHashSet(StringComparer.Ordinal));

        // A nested type or a generated namespace counts as the folder that it lies in.
        string? Folder(string name) => folders.Contains(name) ? name : name.LastIndexOf('.') is > 0 and var end ? Folder(name[..end]) : null;
    }

    private static Dictionary<string, IReadOnlySet<string>> ReadTable() => File.ReadLines(Path.Combine(Root, "docs", "architecture.md"))
        .SkipWhile(line => line != "| folder | reads |")
        .Skip(2)
        .TakeWhile(line => line.StartsWith('|'))
        .Select(line => Names().Matches(line).Select(match => match.Groups[1].Value).ToList())
        .ToDictionary(names => names[0], IReadOnlySet<string> (names) => names.Skip(1).ToHashSet(StringComparer.Ordinal));

    private static IEnumerable<(string File, string Text)> Sources() => Directory
        .EnumerateFiles(Path.Combine(Root, "src"), "*.cs", SearchOption.AllDirectories)
        .Where(file => !Path.GetRelativePath(Root, file).Split(Path.DirectorySeparatorChar).Intersect(["obj", "bin"]).Any())
        .Select(file => (file, File.ReadAllText(file)));

    private static string? NamespaceOf(string text) => Namespace().Match(text) is { Success: true } match ? match.Groups[1].Value : null;

    [GeneratedRegex(@"^namespace ([\w.]+);", RegexOptions.Multiline)]
    private static partial Regex Namespace();

    [GeneratedRegex(@"^using (?:static )?(Flip[\w.]*);", RegexOptions.Multiline)]
    private static partial Regex Usings();

    [GeneratedRegex("`([^`]+)`")]
    private static partial Regex Names();
}
