using System.Globalization;

namespace Flip.Storage;

/// <summary>The checkpoints in a run, a folder each, by the samples seen. A folder that has its name is whole; other names are no checkpoints.</summary>
public static class CheckpointFolder
{
    /// <summary>Name of the averaged weights' file in a checkpoint.</summary>
    public const string AverageFile = "average.safetensors";

    /// <summary>What all names begin with.</summary>
    internal const string Prefix = "samples-";

    /// <summary>Folder of the newest checkpoint, or null.</summary>
    /// <param name="folder">Folder of all checkpoints of a run.</param>
    public static string? Latest(string folder) => All(folder) is [.., var latest] ? latest : null;

    /// <summary>All checkpoints, the oldest first.</summary>
    /// <param name="folder">Folder of all checkpoints of a run.</param>
    public static IReadOnlyList<string> All(string folder) => !Directory.Exists(folder)
        ? []
        : [.. Directory.EnumerateDirectories(folder, Prefix + "*").Where(IsCheckpoint).Order(StringComparer.Ordinal)];

    /// <summary>Names in a folder that are a checkpoint's, whatever kind of entry has them.</summary>
    /// <param name="folder">Folder of all checkpoints of a run.</param>
    public static IEnumerable<string> NamesIn(string folder) => !Directory.Exists(folder)
        ? []
        : Directory.EnumerateFileSystemEntries(folder, Prefix + "*").Where(IsCheckpoint).Select(path => Path.GetFileName(path));

    /// <summary>Whether a folder has the name and the place of a run's checkpoint.</summary>
    internal static bool IsInRun(string path)
    {
        var whole = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        return Path.GetFileName(whole).StartsWith(Prefix, StringComparison.Ordinal)
            && Path.GetFileName(Path.GetDirectoryName(whole)) == ModelFolder.CheckpointsInRun;
    }

    /// <summary>The samples seen before a checkpoint.</summary>
    /// <param name="checkpoint">One of <see cref="All"/>.</param>
    internal static long SamplesOf(string checkpoint) => long.Parse(Path.GetFileName(checkpoint)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture);

    /// <summary>The name of a checkpoint.</summary>
    internal static string NameOf(long samples) => Prefix + samples.ToString("D13", CultureInfo.InvariantCulture);

    private static bool IsCheckpoint(string path) =>
        long.TryParse(Path.GetFileName(path)[Prefix.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out var samples)
        && Path.GetFileName(path) == NameOf(samples);
}
