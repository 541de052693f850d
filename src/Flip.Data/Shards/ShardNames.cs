namespace Flip.Data.Shards;

/// <summary>Names of shards for keys: their paths below the folder that holds all of them, without extension, so that no two are equal
/// and none depends on where the data lies.</summary>
internal static class ShardNames
{
    /// <summary>The name of each shard, with <c>/</c> between folders.</summary>
    /// <param name="paths">Full paths, all different.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<string> paths)
    {
        var parts = paths
            .Select(path => path.Split([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]))
            .ToList();
        var common = parts.Count == 0 ? 0 : parts.Min(part => part.Length) - 1;
        for (var i = 0; i < common; i++)
        {
            if (parts.Any(part => part[i] != parts[0][i]))
            {
                common = i;
            }
        }

        return [.. parts.Select(part => string.Join('/', [.. part[common..^1], Path.GetFileNameWithoutExtension(part[^1])]))];
    }
}
