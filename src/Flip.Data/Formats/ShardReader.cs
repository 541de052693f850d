using System.Formats.Tar;
using Flip.Config;

namespace Flip.Data.Formats;

/// <summary>Indexes one tar shard by its headers alone; pixels and captions are read when they are needed.</summary>
internal static class ShardReader
{
    private const int EndMarkerSize = 2 * TarMember.BlockSize;

    /// <summary>Where the samples of a shard lie. Damage ends the shard there: what stands before it is used, and it is noted.</summary>
    /// <exception cref="ConfigException">The file cannot be opened at all.</exception>
    public static ShardIndex Read(string path)
    {
        var samples = new SampleGrouping(path);
        using var file = Open(path);
        if (file.Length == 0)
        {
            samples.Note("empty shard", "has no bytes");
            return samples.ToIndex();
        }

        long end = 0;
        try
        {
            using var reader = new TarReader(file, leaveOpen: true);
            while (reader.GetNextEntry() is { } entry)
            {
                end = entry.DataOffset > 0 ? entry.DataOffset + RoundUp(entry.Length) : RoundUp(file.Position);
                if (end < 0 || entry.DataOffset + entry.Length > file.Length)
                {
                    samples.Note("cut shard", $"ends inside '{Printable(entry.Name)}'");
                    return samples.ToIndex();
                }

                if (entry.EntryType is TarEntryType.RegularFile or TarEntryType.V7RegularFile or TarEntryType.ContiguousFile)
                {
                    samples.Add(entry.Name, entry.DataOffset, entry.Length);
                }
            }

            NoteEnd(file, end, samples);
        }
        catch (Exception e) when (IsDamage(e))
        {
            var atStart = end == 0;
            var isCut = e is EndOfStreamException && !atStart;
            samples.Note(
                atStart ? "not a tar" : isCut ? "cut shard" : "damaged shard",
                atStart ? $"is no tar file ({e.Message})" : $"{(isCut ? "ends" : "is damaged")} at byte {end} ({e.Message})");
        }

        return samples.ToIndex();
    }

    /// <summary>The key of the sample whose image lies at an offset, for messages: the index keeps no keys.</summary>
    public static string FindKey(string path, TarMember image)
    {
        try
        {
            using var reader = new TarReader(Open(path));
            while (reader.GetNextEntry() is { } entry)
            {
                if (entry.DataOffset == image.Offset && WebDatasetName.TrySplit(entry.Name, out var key, out _))
                {
                    return Printable(key);
                }
            }
        }
        catch (Exception e) when (IsDamage(e) || e is IOException)
        {
            // The shard is gone or changed; the offset still tells where to look.
        }

        return $"byte {image.Offset}";
    }

    /// <summary>The keys of all samples of a shard, in the index's order.</summary>
    /// <exception cref="IOException">The shard is gone or has changed since it was indexed.</exception>
    public static IEnumerable<string> ReadKeys(ShardIndex shard)
    {
        var keys = new Dictionary<long, string>(shard.Count);
        try
        {
            using var reader = new TarReader(Open(shard.Path));
            while (reader.GetNextEntry() is { } entry)
            {
                if (WebDatasetName.TrySplit(entry.Name, out var key, out var kind) && kind == MemberKind.Image)
                {
                    keys[entry.DataOffset] = Printable(key);
                }
            }
        }
        catch (Exception e) when (IsDamage(e))
        {
            // Samples end where the damage begins, so all keys are there unless the shard has changed.
        }

        return shard.Samples.Select(sample => keys.GetValueOrDefault(sample.Image.Offset)
            ?? throw new IOException($"The shard '{shard.Path}' has changed since it was indexed."));
    }

    /// <summary>A name as it can be shown on a terminal.</summary>
    internal static string Printable(string name) =>
        string.Create(name.Length, name, (text, source) =>
        {
            for (var i = 0; i < text.Length; i++)
            {
                text[i] = char.IsControl(source[i]) ? '?' : source[i];
            }
        });

    /// <summary>Bytes that are no tar make the reader throw exceptions of many kinds (a fuzz test found them); a failing disk
    /// throws an <see cref="IOException"/>, which is not damage.</summary>
    private static bool IsDamage(Exception e) => e is EndOfStreamException or not IOException;

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, new FileStreamOptions
            {
                Share = FileShare.ReadWrite | FileShare.Delete,
                Options = FileOptions.RandomAccess, // headers only: reading ahead would read everything
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The shard '{path}' cannot be opened: {e.Message}");
        }
    }

    /// <summary>A tar ends with two blocks of zeros; anything else is a file cut between members, or glued to another.</summary>
    private static void NoteEnd(FileStream file, long end, SampleGrouping samples)
    {
        if (file.Length < end + TarMember.BlockSize)
        {
            samples.Note("cut shard", $"ends at byte {file.Length} without the mark that ends a tar");
            return;
        }

        file.Position = end;
        var buffer = new byte[1 << 16];
        for (var count = file.Read(buffer); count > 0; count = file.Read(buffer))
        {
            if (buffer.AsSpan(0, count).ContainsAnyExcept((byte)0))
            {
                samples.Note(
                    "data behind the end", $"goes on behind the mark that ends a tar (byte {end + EndMarkerSize}); the rest is not used");
                return;
            }
        }
    }

    private static long RoundUp(long length) => (length + TarMember.BlockSize - 1) / TarMember.BlockSize * TarMember.BlockSize;
}
