using System.Buffers.Binary;
using System.Numerics;
using Flip.Io;

namespace Flip.Ingest.Packing;

/// <summary>
/// The images that were kept, by hash: 16 bytes of SHA-256, and the perceptual hash. Two looks are one where at most 3 of the 64 bits differ: of four parts of 16 bits one is then equal, by which
/// candidates are found. Memory grows with the samples, about 32 bytes each, and 60 more for looks.
/// </summary>
/// <param name="kind">What is taken for a duplicate.</param>
internal sealed class DuplicateFilter(DuplicateKind kind)
{
    private const int MostBits = 3;
    private const int Parts = 4;
    private const int PartBits = 16;
    private const int EntrySize = sizeof(ulong) * 4; // SHA-256's first half, the look, and whether there is one

    private readonly HashSet<UInt128> _files = [];
    private readonly List<ulong> _looks = [];
    private readonly Dictionary<(int Part, ushort Bits), List<int>> _byPart = [];
    private readonly List<(UInt128 File, ulong? Look)> _unwritten = [];

    /// <summary>Takes an image.</summary>
    /// <returns>False where it was there before, and is not taken.</returns>
    public bool Add(ReadOnlySpan<byte> sha256, ulong? look)
    {
        var file = BinaryPrimitives.ReadUInt128BigEndian(sha256);
        if (kind == DuplicateKind.None)
        {
            return true;
        }

        if (_files.Contains(file) || (look is { } bits && IsSeen(bits)))
        {
            return false;
        }

        Take(file, look);
        _unwritten.Add((file, look));
        return true;
    }

    /// <summary>Writes what came since the last time.</summary>
    public void Write(string path)
    {
        if (kind != DuplicateKind.None)
        {
            var bytes = new byte[_unwritten.Count * EntrySize];
            foreach (var (i, (file, look)) in _unwritten.Index())
            {
                var entry = bytes.AsSpan(i * EntrySize, EntrySize);
                BinaryPrimitives.WriteUInt128BigEndian(entry, file);
                BinaryPrimitives.WriteUInt64BigEndian(entry[16..], look ?? 0);
                entry[24] = look is null ? (byte)0 : (byte)1;
            }

            AtomicFile.Write(path, stream => stream.Write(bytes));
            _unwritten.Clear();
        }
    }

    /// <summary>Reads what was written for a shard.</summary>
    /// <exception cref="IOException">It is gone, or cut.</exception>
    public void Read(string path)
    {
        if (kind != DuplicateKind.None)
        {
            var bytes = File.ReadAllBytes(path);
            if (bytes.Length % EntrySize != 0)
            {
                throw new IOException($"'{path}' is damaged: it has {bytes.Length} bytes.");
            }

            for (var at = 0; at < bytes.Length; at += EntrySize)
            {
                var entry = bytes.AsSpan(at, EntrySize);
                Take(BinaryPrimitives.ReadUInt128BigEndian(entry), entry[24] == 0 ? null : BinaryPrimitives.ReadUInt64BigEndian(entry[16..]));
            }
        }
    }

    private static IEnumerable<(int Part, ushort Bits)> PartsOf(ulong look) => Enumerable.Range(0, Parts).Select(part => (part, (ushort)(look >> (PartBits * part))));

    private bool IsSeen(ulong look) => PartsOf(look).Any(part =>
        _byPart.TryGetValue(part, out var candidates) && candidates.Exists(candidate => BitOperations.PopCount(_looks[candidate] ^ look) <= MostBits));

    private void Take(UInt128 file, ulong? look)
    {
        _files.Add(file);
        if (look is not { } bits)
        {
            return;
        }

        foreach (var part in PartsOf(bits))
        {
            if (!_byPart.TryGetValue(part, out var places))
            {
                _byPart.Add(part, places = []);
            }

            places.Add(_looks.Count);
        }

        _looks.Add(bits);
    }
}
