using System.Formats.Tar;
using Microsoft.Win32.SafeHandles;

namespace Flip.Ingest.Downloading;

/// <summary>A shard that was finished before: what became of its rows, and where their images are in it.</summary>
/// <param name="Outcomes">Of each row.</param>
/// <param name="Images">Of each row; null where it failed.</param>
/// <param name="Tar">The shard, open.</param>
internal sealed record FinishedShard(IReadOnlyList<RowOutcome> Outcomes, IReadOnlyList<ImagePlace?> Images, SafeFileHandle Tar)
{
    /// <summary>Opens a shard.</summary>
    /// <param name="names">Where it is.</param>
    /// <param name="index">Its number.</param>
    /// <param name="rows">Rows of the list.</param>
    /// <param name="outcomes">What became of them, by the shard's table.</param>
    /// <exception cref="InvalidDataException">Shard, table and list are not of one another.</exception>
    public static FinishedShard Open(ShardNames names, int index, IReadOnlyList<UrlRow> rows, IReadOnlyList<RowOutcome> outcomes)
    {
        var path = names.Tar(index);
        var found = Members(path);
        var tar = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        try
        {
            var (all, images) = (outcomes.ToArray(), new ImagePlace?[rows.Count]);
            for (var row = 0; row < rows.Count && outcomes.Count == rows.Count; row++)
            {
                if (all[row].IsSuccess && found.TryGetValue(names.Key(index, row), out var image))
                {
                    all[row] = all[row] with { Extension = image.Extension };
                    images[row] = new ImagePlace(tar, image.Offset, image.Length);
                }
            }

            return outcomes.Count == rows.Count && Enumerable.Range(0, rows.Count).All(row => all[row].IsSuccess == images[row] is not null)
                ? new FinishedShard(all, images, tar)
                : throw new InvalidDataException($"'{path}' and its table are not of one download. Delete its _stats.json, and the shard is made again.");
        }
        catch
        {
            tar.Dispose();
            throw;
        }
    }

    /// <summary>Where images are in a shard, by key.</summary>
    private static Dictionary<string, (string Extension, long Offset, int Length)> Members(string path)
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        using var reader = new TarReader(stream);
        var images = new Dictionary<string, (string, long, int)>(StringComparer.Ordinal);
        while (reader.GetNextEntry() is { } entry)
        {
            if (entry.Name.Split('.') is [var key, var extension and not ("txt" or "json")])
            {
                images[key] = (extension, entry.DataOffset, checked((int)entry.Length));
            }
        }

        return images;
    }
}
