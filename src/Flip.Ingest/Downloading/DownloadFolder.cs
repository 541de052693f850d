using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Flip.Io;

namespace Flip.Ingest.Downloading;

/// <summary>The folder of a download: held by one process for each part, of one list and one way of making images, without what killed processes left.</summary>
internal sealed partial class DownloadFolder : IDisposable
{
    private const string SettingsFile = "download.json";
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

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
        var parts = string.Create(CultureInfo.InvariantCulture, $"-of-{options.Parts}");
        var held = FolderLock.Take(Path.Combine(names.Work, string.Create(CultureInfo.InvariantCulture, $"part-{options.Part}{parts}")));
        try
        {
            foreach (var other in Directory.EnumerateDirectories(names.Work, "part-*").Where(place => !place.EndsWith(parts, StringComparison.Ordinal)))
            {
                FolderLock.Take(other).DeleteFolder(); // of a run that divided otherwise, and has ended
            }

            CheckSettings(folder, Settings(list, options));
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

        _lock.DeleteFolder();
        try
        {
            Directory.Delete(_work);
        }
        catch (IOException)
        {
            // Other parts are in the making.
        }
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

    private static void CheckSettings(string folder, SortedDictionary<string, string> settings)
    {
        var path = Path.Combine(folder, SettingsFile);
        if (!File.Exists(path))
        {
            AtomicFile.WriteText(path, JsonSerializer.Serialize(settings, Indented) + "\n");
            return;
        }

        Dictionary<string, string>? there;
        try
        {
            there = JsonSerializer.Deserialize<Dictionary<string, string>>(JsonInput.Read(path).Span);
        }
        catch (JsonException e)
        {
            throw new ConfigException($"'{path}': {e.Message} It says what the folder is a download of; name another folder.");
        }

        var differing = settings.Where(setting => there?.GetValueOrDefault(setting.Key) != setting.Value)
            .Select(setting => $"{setting.Key} was '{there?.GetValueOrDefault(setting.Key)}' and is '{setting.Value}'").ToList();
        if (differing.Count > 0)
        {
            throw new ConfigException($"--out {folder}: holds another download: {string.Join("; ", differing)}. Name another folder, or the same list and settings to go on.");
        }
    }

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
