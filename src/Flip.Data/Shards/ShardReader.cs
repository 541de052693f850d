using Flip.Data.Tar;
using Flip.Io;

namespace Flip.Data.Shards;

/// <summary>Indexes one tar shard by its headers alone; pixels and captions are read when they are needed.</summary>
internal static class ShardReader
{
    private const int EndMarkerSize = 2 * TarHeader.BlockSize;
    private const int MostPadding = 1 << 20; // tar pads to 10 KB, or as far as it is asked to

    /// <summary>Where the samples of a shard lie. Damage ends the shard there: what stands before it is used, and it is noted.</summary>
    /// <exception cref="ConfigException">The file cannot be opened at all.</exception>
    /// <param name="path">The file.</param>
    /// <param name="shown">What to call it, where it is not known by its path.</param>
    public static ShardIndex Read(string path, string? shown = null) => ReadWithKeys(path, shown ?? path).Index;

    /// <summary>The key of a sample, for messages: the index keeps no keys.</summary>
    public static string FindKey(ShardIndex shard, int sample)
    {
        try
        {
            return ReadKeys(shard)[sample];
        }
        catch (Exception e) when (e is IOException or ConfigException)
        {
            return $"byte {shard.Samples[sample].Image.Offset}"; // the shard is gone or changed; the offset still tells where to look
        }
    }

    /// <summary>The keys of all samples of a shard, in the index's order, as they can be shown.</summary>
    /// <exception cref="ConfigException">The shard is gone.</exception>
    /// <exception cref="IOException">The shard has changed since it was indexed.</exception>
    public static string[] ReadKeys(ShardIndex shard)
    {
        var (index, keys) = ReadWithKeys(shard.LocalPath, shard.Path);
        return index.Samples.Equals(shard.Samples)
            ? Array.ConvertAll(keys, UnicodeName.Printable)
            : throw new IOException($"The shard '{shard.Path}' has changed since it was indexed.");
    }

    /// <summary>The members of a tar, up to its end or to damage.</summary>
    public static IEnumerable<TarEntry> Members(Stream file)
    {
        var entries = new TarEntries(file);
        while (NextOrNull(entries) is { } entry)
        {
            yield return entry;
        }
    }

    /// <summary>Opens a shard to read headers.</summary>
    /// <exception cref="ConfigException">It cannot be opened.</exception>
    public static FileStream Open(string path)
    {
        try
        {
            return PlainFile.OpenRead(path, FileOptions.RandomAccess); // headers only: reading ahead would read everything
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The shard '{path}' cannot be opened: {e.Message}");
        }
    }

    private static (ShardIndex Index, string[] Keys) ReadWithKeys(string path, string shown)
    {
        var samples = new SampleGrouping(shown);
        if (PlainFile.Length(path) == 0)
        {
            samples.Note("empty shard", PlainFile.NoBytes);
            return samples.ToIndex();
        }

        using var file = Open(path);
        if (TfRecordShard.Is(shown))
        {
            return TfRecordShard.Read(file, shown);
        }

        var links = new TarLinks();
        var entries = new TarEntries(file);
        try
        {
            for (var place = 0; entries.Next() is { } entry; place++)
            {
                Add(place, entry, samples, links);
            }

            NoteEnd(file, entries.Position, samples);
        }
        catch (Exception e) when (IsDamage(e))
        {
            // A header that stands at the beginning tells a tar, whatever follows.
            var isCut = e is EndOfStreamException && file.Length >= TarHeader.BlockSize;
            var isTar = isCut || entries.Position > 0;
            samples.Note(
                !isTar ? "not a tar" : isCut ? "cut shard" : "damaged shard",
                !isTar ? $"is no tar file{Compression(file)} ({e.Message})"
                    : isCut ? $"ends too early, {UnicodeName.Printable(e.Message)}"
                    : $"is damaged at byte {entries.Position} ({e.Message})");
        }

        foreach (var (place, link, target) in links.Resolve(Members(file)))
        {
            if (target is null)
            {
                samples.Lose(SampleGrouping.LinkCause, link.Name);
            }
            else
            {
                samples.Add(place, link.Name, target);
            }
        }

        return samples.ToIndex();
    }

    private static void Add(int place, TarEntry entry, SampleGrouping samples, TarLinks links)
    {
        if (entry.IsFile)
        {
            samples.Add(place, entry.Name, entry);
        }
        else if (entry.IsHardLink || entry.IsSymbolicLink)
        {
            links.Add(place, entry);
        }
        else if (!entry.IsDirectory)
        {
            samples.Lose(SampleGrouping.KindCause, entry.Name);
        }
    }

    private static TarEntry? NextOrNull(TarEntries entries)
    {
        try
        {
            return entries.Next();
        }
        catch (Exception e) when (IsDamage(e))
        {
            return null; // told when the shard was indexed
        }
    }

    /// <summary>A failing disk throws another <see cref="IOException"/>, which is not damage.</summary>
    private static bool IsDamage(Exception e) => e is EndOfStreamException or InvalidDataException;

    /// <summary>What a compressed tar is compressed with, for a message.</summary>
    private static string Compression(FileStream file)
    {
        Span<byte> start = stackalloc byte[4];
        file.Position = 0;
        file.ReadAtLeast(start, start.Length, throwOnEndOfStream: false);
        var name = start.StartsWith((ReadOnlySpan<byte>)[0x1F, 0x8B]) ? "gzip"
            : start.SequenceEqual((ReadOnlySpan<byte>)[0x28, 0xB5, 0x2F, 0xFD]) ? "Zstandard"
            : start.StartsWith("BZh"u8) ? "bzip2"
            : start.SequenceEqual((ReadOnlySpan<byte>)[0xFD, (byte)'7', (byte)'z', (byte)'X']) ? "xz"
            : null;
        return name is null ? "" : $" but one that is compressed with {name}, which must be unpacked first";
    }

    /// <summary>A tar ends with two blocks of zeros; anything else is a file cut between members, or glued to another. More zeros than any program pads
    /// with are a hole, which may be longer than can ever be read.</summary>
    private static void NoteEnd(FileStream file, long end, SampleGrouping samples)
    {
        if (file.Length < end + TarHeader.BlockSize)
        {
            samples.Note("cut shard", $"ends at byte {file.Length} without the mark that ends a tar");
            return;
        }

        file.Position = end;
        var buffer = new byte[1 << 16];
        for (var count = file.Read(buffer); count > 0 && file.Position - end <= MostPadding; count = file.Read(buffer))
        {
            if (buffer.AsSpan(0, count).ContainsAnyExcept((byte)0))
            {
                samples.Note(
                    "data behind the end", $"goes on behind the mark that ends a tar (byte {end + EndMarkerSize}); the rest is not used");
                return;
            }
        }
    }
}
