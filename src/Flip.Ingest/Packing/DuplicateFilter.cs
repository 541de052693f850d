using System.Buffers.Binary;
using System.Numerics;
using System.Runtime.InteropServices;
using Flip.Io;

namespace Flip.Ingest.Packing;

/// <summary>
/// The images that were kept, by hash: 16 bytes of SHA-256, and the perceptual hash. Two looks are one where at most 3 of the 64 bits differ: of four parts of 16 bits one is then equal, by which
/// candidates are found. Memory grows with the samples, about 32 bytes each, and 60 more for looks; a model's vectors are in <see cref="AlikeImages"/>.
/// </summary>
/// <param name="kind">What is taken for a duplicate.</param>
/// <param name="alike">The vectors of <see cref="DuplicateKind.Embedding"/>; null for any other kind.</param>
internal sealed class DuplicateFilter(DuplicateKind kind, AlikeImages? alike = null)
{
    private const int MostBits = 3;
    private const int Parts = 4;
    private const int PartBits = 16;
    private const int HeadSize = sizeof(ulong) * 4; // SHA-256's first half, the look, and whether there are a look and a vector; the vector is behind it

    private readonly HashSet<UInt128> _files = [];
    private readonly List<ulong> _looks = [];
    private readonly Dictionary<(int Part, ushort Bits), List<int>> _byPart = [];
    private readonly List<Kept> _unwritten = [];
    private readonly int _entrySize = HeadSize + ((alike?.Dim ?? 0) * sizeof(float));

    /// <summary>Takes an image.</summary>
    /// <returns>False where it was there before, and is not taken.</returns>
    public bool Add(PackedSample sample)
    {
        if (kind == DuplicateKind.None)
        {
            return true;
        }

        var kept = new Kept(BinaryPrimitives.ReadUInt128BigEndian(sample.Sha256.Span), sample.Look, sample.Vector);
        if (_files.Contains(kept.File) || (kept.Look is { } look && IsSeen(look)) || alike?.IsSeen(sample) == true)
        {
            return false;
        }

        Take(kept);
        _unwritten.Add(kept);
        return true;
    }

    /// <summary>Writes what came since the last time.</summary>
    public void Write(string path)
    {
        if (kind != DuplicateKind.None)
        {
            var bytes = new byte[_unwritten.Count * _entrySize];
            foreach (var (i, kept) in _unwritten.Index())
            {
                var entry = bytes.AsSpan(i * _entrySize, _entrySize);
                BinaryPrimitives.WriteUInt128BigEndian(entry, kept.File);
                BinaryPrimitives.WriteUInt64BigEndian(entry[16..], kept.Look ?? 0);
                entry[24] = kept.Look is null ? (byte)0 : (byte)1;
                entry[25] = kept.Vector is null ? (byte)0 : (byte)1;
                AlikeImages.BytesOf(kept.Vector ?? []).CopyTo(entry[HeadSize..]);
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
            if (bytes.Length % _entrySize != 0)
            {
                throw new IOException($"'{path}' is damaged: it has {bytes.Length} bytes.");
            }

            for (var at = 0; at < bytes.Length; at += _entrySize)
            {
                var entry = bytes.AsSpan(at, _entrySize);
                Take(new Kept(
                    BinaryPrimitives.ReadUInt128BigEndian(entry),
                    entry[24] == 0 ? null : BinaryPrimitives.ReadUInt64BigEndian(entry[16..]),
                    entry[25] == 0 ? null : MemoryMarshal.Cast<byte, float>(entry[HeadSize..]).ToArray()));
            }
        }
    }

    private static IEnumerable<(int Part, ushort Bits)> PartsOf(ulong look) => Enumerable.Range(0, Parts).Select(part => (part, (ushort)(look >> (PartBits * part))));

    private bool IsSeen(ulong look) => PartsOf(look).Any(part =>
        _byPart.TryGetValue(part, out var candidates) && candidates.Exists(candidate => BitOperations.PopCount(_looks[candidate] ^ look) <= MostBits));

    private void Take(Kept kept)
    {
        _files.Add(kept.File);
        if (kept.Vector is not null)
        {
            alike?.Take(kept.Vector);
        }

        if (kept.Look is not { } bits)
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

    /// <summary>What of an image is compared.</summary>
    private sealed record Kept(UInt128 File, ulong? Look, float[]? Vector);
}
