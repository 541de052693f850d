using System.Globalization;
using System.Text.RegularExpressions;
using Flip.Io;

namespace Flip.Ingest.Downloading;

/// <summary>The folder of a download: held by one process for each part, of one list and one way of making images, without what killed processes left.</summary>
internal sealed partial class DownloadFolder : IDisposable
{
    private const string SettingsFile = "download.json";

    private readonly FolderLock _lock;
    private readonly string _folder;
    private readonly string _work;

    private DownloadFolder(string folder, string work, FolderLock held) => (_folder, _work, _lock) = (folder, work, held);

    /// <summary>Takes a part of a folder, which is made where it does not exist.</summary>
    /// <exception cref="ConfigException">The folder is of another list, or of other settings.</exception>
    /// <exception cref="FolderInUseException">Another process has this part, or the folder in other parts.</exception>
    public static DownloadFolder Take(string folder, ShardNames names, IUrlList list, ShardDownloadOptions options)
    {
        Directory.CreateDirectory(folder);
        OwnEntries.Require(folder, SettingsFile);
        OwnEntries.RequireKind(folder, isFolder: true, ShardNames.WorkFolder);
        OwnEntries.Require(folder, ShardNames.WorkFolder);
        var held = FolderParts.Take(names.Work, options.Part, options.Parts);
        try
        {
            FolderSettings.Require(folder, SettingsFile, Settings(list, options), "download");
            DeleteLeftovers(folder, options);
            return new DownloadFolder(folder, names.Work, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    /// <summary>Lets go of a part that is finished, and leaves nothing of it that is not needed.</summary>
    public void Complete()
    {
        // What was killed in its first moment; nobody begins with these files any more.
        foreach (var file in Directory.EnumerateFiles(_folder, "*.tmp").Where(file => FirstLeftover().IsMatch(Path.GetFileName(file))))
        {
            File.Delete(file);
        }

        FolderParts.Complete(_lock, _work);
    }

    /// <summary>What the bytes of shards depend on.</summary>
    private static SortedDictionary<string, string> Settings(IUrlList list, ShardDownloadOptions options)
    {
        var images = options.Images;
        return new(StringComparer.Ordinal)
        {
            ["format"] = "1",
            ["list"] = list.Identity,
            ["columns"] = string.Join(',', list.SavedColumns),
            ["rowsPerShard"] = Text(options.RowsPerShard),
            ["resize"] = Text(images.Resize),
            ["size"] = Text(images.Size),
            ["enlarge"] = Text(images.Enlarge),
            ["quality"] = Text(images.Quality),
            ["minSide"] = Text(images.MinSide),
            ["maxAspectRatio"] = Text(images.MaxAspectRatio),
            ["pixelLimit"] = Text(images.PixelLimit),
            ["reducedDecoding"] = Text(images.ReducedDecoding),
        };
    }

    private static string Text<T>(T value) => string.Create(CultureInfo.InvariantCulture, $"{value}");

    private static void DeleteLeftovers(string folder, ShardDownloadOptions options)
    {
        foreach (var file in Directory.EnumerateFiles(folder, "*.tmp"))
        {
            if (Leftover().Match(Path.GetFileName(file)) is { Success: true } match
                && int.TryParse(match.Groups[1].ValueSpan, CultureInfo.InvariantCulture, out var shard) && shard % options.Parts == options.Part - 1)
            {
                File.Delete(file);
            }
        }
    }

    [GeneratedRegex(@"^(\.flip|download\.json|index\.flip)\.[0-9a-f]{16}\.tmp\z")]
    private static partial Regex FirstLeftover();

    [GeneratedRegex(@"^([0-9]{5,9})(\.tar|\.parquet|_stats\.json)\.[0-9a-f]{16}\.tmp\z")]
    private static partial Regex Leftover();
}
