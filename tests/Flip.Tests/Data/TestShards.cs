using System.Formats.Tar;
using System.Text;

namespace Flip.Tests.Data;

/// <summary>Tar shards in a folder of their own, removed at the end of a test.</summary>
internal sealed class TestShards : IDisposable
{
    public string Folder { get; } = Directory.CreateTempSubdirectory("flip-shards-").FullName;

    public string Path(string name) => System.IO.Path.Combine(Folder, name);

    /// <summary>Writes members in the order given.</summary>
    public string Write(string name, params (string Name, string Content)[] members) =>
        Write(name, TarEntryFormat.Pax, members);

    public string Write(string name, TarEntryFormat format, params (string Name, string Content)[] members)
    {
        var path = Path(name);
        using var writer = new TarWriter(File.Create(path), format);
        foreach (var (member, content) in members)
        {
            TarEntry entry = format switch
            {
                TarEntryFormat.Pax => new PaxTarEntry(TarEntryType.RegularFile, member),
                TarEntryFormat.Ustar => new UstarTarEntry(TarEntryType.RegularFile, member),
                TarEntryFormat.V7 => new V7TarEntry(TarEntryType.V7RegularFile, member),
                _ => new GnuTarEntry(TarEntryType.RegularFile, member),
            };
            entry.ModificationTime = DateTimeOffset.UnixEpoch; // the same contents are the same file, whenever it is written
            entry.DataStream = new MemoryStream(Encoding.Latin1.GetBytes(content));
            writer.WriteEntry(entry);
        }

        return path;
    }

    /// <summary>A shard of ordinary samples; image and caption hold the sample's number.</summary>
    public string WritePairs(string name, int first, int count) => Write(name, TarEntryFormat.Ustar, [.. Enumerable.Range(first, count)
        .SelectMany(i => new[] { ($"{i:D6}.jpg", $"image {i}"), ($"{i:D6}.txt", $"caption {i}") })]);

    /// <summary>Shards of the given sizes with ordinary samples, numbered through.</summary>
    public string[] WritePairs(params int[] sizes) =>
        [.. sizes.Index().Select(shard => WritePairs($"train-{shard.Index:D4}.tar", sizes.Take(shard.Index).Sum(), shard.Item))];

    public void Dispose() => Directory.Delete(Folder, recursive: true);
}
