namespace Flip.Data.Layouts;

/// <summary>Shards of a split in a folder.</summary>
internal static class ShardFolder
{
    /// <summary>The shards of a split: those in its folder, else those with its name, else all where none is of another split.</summary>
    public static IReadOnlyList<string> Find(string folder, string split)
    {
        var parts = SplitNames.Of(split);
        if (parts.Select(part => Tars(Path.Combine(folder, part))).FirstOrDefault(tars => tars.Count > 0) is { } own)
        {
            return own;
        }

        var all = Tars(folder);
        return parts.FirstOrDefault(part => all.Exists(tar => Part(tar) == part)) is { } named ? [.. all.Where(tar => Part(tar) == named)]
            : all.Exists(tar => SplitNames.IsSplit(Part(tar))) ? []
            : all;
    }

    /// <summary>The shards of a folder, in ordinal order.</summary>
    public static List<string> Tars(string folder) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, "*.tar").Order(StringComparer.Ordinal)]
        : [];

    /// <summary>What a shard's name begins with: letters.</summary>
    private static string Part(string tar) => string.Concat(Path.GetFileName(tar).TakeWhile(char.IsLetter));
}
