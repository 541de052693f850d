using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Io;

namespace Flip.Data.Shards;

/// <summary>
/// The index of shards as a file beside them: what each has, and where its samples lie. A data set of any size is opened by reading its end; the table of a shard is read when
/// it is wanted.
/// <para>Form: <c>FLIPIDX1</c>, the tables, the shards as JSON, the JSON's length in 8 bytes, <c>FLIPIDX1</c>.</para>
/// </summary>
internal sealed class ShardIndexFile
{
    /// <summary>Its name in a folder of shards.</summary>
    public const string FileName = "index.flip";

    private const int Version = 1;
    private const int MostJson = 1 << 28; // of a million shards, the most that a pattern names
    private const int FooterLength = sizeof(long) + MagicLength;
    private const int MagicLength = 8;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    private readonly Func<long, int, byte[]> _read;
    private readonly long _length;
    private readonly string _name;

    private ShardIndexFile(string name, long length, Func<long, int, byte[]> read)
    {
        (_name, _length, _read) = (name, length, read);
        Shards = ReadShards();
    }

    private static ReadOnlySpan<byte> Magic => "FLIPIDX1"u8;

    /// <summary>The shards by name.</summary>
    public IReadOnlyDictionary<string, IndexedShard> Shards { get; }

    /// <summary>Opens an index.</summary>
    /// <param name="name">Its path or address, for messages.</param>
    /// <param name="length">Bytes.</param>
    /// <param name="read">Reads so many bytes from a place.</param>
    /// <exception cref="ConfigException">It is no index, or damaged.</exception>
    public static ShardIndexFile Open(string name, long length, Func<long, int, byte[]> read) => new(name, length, read);

    /// <summary>Opens an index on this machine.</summary>
    /// <exception cref="ConfigException">It is no index, is damaged, or cannot be read.</exception>
    public static ShardIndexFile Open(string path)
    {
        try
        {
            var length = PlainFile.Length(path);
            var handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, FileOptions.RandomAccess);
            return Open(path, length, (offset, count) =>
            {
                var bytes = new byte[count];
                for (var read = 0; read < count;)
                {
                    var more = RandomAccess.Read(handle, bytes.AsSpan(read), offset + read);
                    read += more > 0 ? more : throw new EndOfStreamException($"The index '{path}' is shorter than it was when it was opened.");
                }

                return bytes;
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ConfigException($"The index '{path}' cannot be read: {e.Message}");
        }
    }

    /// <summary>Writes an index; shards are taken one at a time.</summary>
    /// <param name="path">Where it appears, whole.</param>
    /// <param name="shards">Each with its name in the index, its length, its edges, and its SHA-256 or null.</param>
    /// <returns>Number of shards and of samples.</returns>
    public static (int Shards, long Samples) Write(string path, IEnumerable<(ShardIndex Shard, string Name, long Bytes, string Edges, string? Sha256)> shards)
    {
        var entries = new List<IndexedShard>();
        AtomicFile.Write(path, stream =>
        {
            stream.Write(Magic);
            var at = (long)MagicLength;
            foreach (var (shard, name, bytes, edges, sha256) in shards)
            {
                var table = shard.Samples.AsBytes();
                stream.Write(table);
                entries.Add(new IndexedShard(
                    name,
                    bytes,
                    shard.Count,
                    edges,
                    at,
                    table.Length,
                    shard.Samples.Unit,
                    sha256,
                    shard.Damage.Count == 0 ? null : [.. shard.Damage.Select(found => new IndexedDamage(found.Cause, found.What, found.Count))],
                    shard.Unused.Count == 0 ? null : shard.Unused,
                    shard.Sparse.Count == 0 ? null : shard.Sparse.ToDictionary(member => member.Key, Pieces)));
                at += table.Length;
            }

            var json = JsonSerializer.SerializeToUtf8Bytes(new Content(Version, entries), Json);
            stream.Write(json);
            Span<byte> footer = stackalloc byte[FooterLength];
            BinaryPrimitives.WriteInt64LittleEndian(footer, json.Length);
            Magic.CopyTo(footer[sizeof(long)..]);
            stream.Write(footer);
        });
        return (entries.Count, entries.Sum(entry => (long)entry.Samples));
    }

    /// <summary>The table of a shard.</summary>
    /// <exception cref="IOException">The index cannot be read any more, or is damaged.</exception>
    public SampleTable Load(IndexedShard shard)
    {
        try
        {
            return SampleTable.Read(_read(shard.At, shard.Length), shard.Samples, shard.Unit);
        }
        catch (InvalidDataException e)
        {
            throw new IOException($"The index '{_name}' is damaged at '{UnicodeName.Printable(shard.Name)}': {e.Message} Make it anew with flip data index.", e);
        }
    }

    private static IReadOnlyList<long> Pieces(KeyValuePair<long, Tar.SparseMap> member) =>
        [.. member.Value.Pieces.SelectMany(piece => new[] { piece.Offset, piece.Length })];

    private Dictionary<string, IndexedShard> ReadShards()
    {
        if (_length < MagicLength + FooterLength)
        {
            throw Damaged("it is too short");
        }

        var footer = _read(_length - FooterLength, FooterLength);
        var length = BinaryPrimitives.ReadInt64LittleEndian(footer);
        if (!footer.AsSpan(sizeof(long)).SequenceEqual(Magic) || length < 0 || length > Math.Min(MostJson, _length - MagicLength - FooterLength))
        {
            throw Damaged("it does not end as one");
        }

        var tables = _length - FooterLength - length;
        try
        {
            var json = _read(tables, (int)length);
            JsonInput.Check(json, default);
            var content = JsonSerializer.Deserialize<Content>(json, Json) ?? throw new JsonException("it is null");
            if (content.Version != Version)
            {
                throw new ConfigException($"The index '{_name}' is of version {content.Version}; this Flip reads version {Version}.");
            }

            return content.Shards.All(shard => IsSound(shard, tables))
                ? content.Shards.ToDictionary(shard => shard.Name, StringComparer.Ordinal)
                : throw Damaged("a shard's numbers make no sense");
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw Damaged(e.Message.TrimEnd('.'));
        }
    }

    private static bool IsSound(IndexedShard shard, long tables) => shard.Bytes >= 0 && shard.Samples >= 0 && shard.Samples <= shard.Length && shard.Unit is > 0 and <= 1 << 20
        && shard.At >= MagicLength && shard.Length >= 0 && shard.At <= tables - shard.Length
        && (shard.Sparse is null || shard.Sparse.Values.All(pieces => pieces.Count % 2 == 0));

    private ConfigException Damaged(string problem) => new($"The index '{_name}' cannot be read: {problem}. Make it anew with flip data index, or remove it.");

    private sealed record Content(int Version, IReadOnlyList<IndexedShard> Shards);
}
