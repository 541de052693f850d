using System.Globalization;
using System.Text.RegularExpressions;

namespace Flip.Conversion.Containers;

/// <summary>The files of a model that was saved in numbered parts, such as <c>pytorch_model-00002-of-00003.bin</c>.</summary>
/// <param name="Folder">Where they lie.</param>
/// <param name="Stem">What the names begin with.</param>
/// <param name="Digits">Digits of a number.</param>
/// <param name="Total">How many there are, as the names say it.</param>
/// <param name="Ending">How the names end.</param>
internal sealed partial record ShardSet(string Folder, string Stem, int Digits, string Total, string Ending)
{
    /// <summary>The largest published models are in some hundred files.</summary>
    public const int MostShards = 2000;

    public int Count => int.Parse(Total, CultureInfo.InvariantCulture);

    /// <summary>The set that a file belongs to; null where its name is not numbered so.</summary>
    public static ShardSet? Of(string path)
    {
        var match = Numbered().Match(System.IO.Path.GetFileName(path));
        if (!match.Success)
        {
            return null;
        }

        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(path))!;
        var set = new ShardSet(folder, match.Groups["stem"].Value, match.Groups["number"].Length, match.Groups["total"].Value, match.Groups["ending"].Value);
        return set.Count is > 1 and <= MostShards ? set : null;
    }

    /// <summary>The sets in a folder, safetensors first.</summary>
    public static IReadOnlyList<ShardSet> In(string folder) =>
    [
        .. Directory.EnumerateFiles(folder, "*-of-*").Select(Of).OfType<ShardSet>().Distinct()
            .OrderBy(set => set.Ending == "safetensors" ? 0 : 1).ThenBy(set => set.Stem, StringComparer.Ordinal),
    ];

    public string FileName(int number) =>
        $"{Stem}-{number.ToString(CultureInfo.InvariantCulture).PadLeft(Digits, '0')}-of-{Total}.{Ending}";

    public string Path(int number) => System.IO.Path.Combine(Folder, FileName(number));

    [GeneratedRegex(@"^(?<stem>.+)-(?<number>\d{1,6})-of-(?<total>\d{1,6})\.(?<ending>safetensors|bin|pt|pth)\z", RegexOptions.CultureInvariant)]
    private static partial Regex Numbered();
}
