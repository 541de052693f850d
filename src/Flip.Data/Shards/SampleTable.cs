using System.Buffers;
using System.Collections;

namespace Flip.Data.Shards;

/// <summary>
/// Where the files of a shard's samples lie, in about ten bytes a sample: what a tar's layout foretells is not kept. A member is written as how far it lies from where the one
/// before it lets expect it, in units, and its length. Every sixteenth sample's place in the bytes is known, so that a sample is found without reading those before it.
/// </summary>
internal sealed class SampleTable : IReadOnlyList<SampleEntry>
{
    private const int Stride = 16;
    private const int KindBits = 2;
    private const int LongestVarint = 10;
    private static readonly MemberKind[] Kinds = [MemberKind.Image, MemberKind.Text, MemberKind.Json, MemberKind.Class];

    private readonly byte[] _bytes;
    private readonly (int Byte, long Expected)[] _starts; // of every sixteenth sample
    private readonly int _unit;

    private SampleTable(byte[] bytes, (int Byte, long Expected)[] starts, int count, int unit)
    {
        (_bytes, _starts, Count, _unit) = (bytes, starts, count, unit);
    }

    /// <inheritdoc/>
    public int Count { get; }

    /// <summary>What every offset is a multiple of, bytes.</summary>
    public int Unit => _unit;

    /// <summary>Bytes that it takes.</summary>
    public int Size => _bytes.Length + (_starts.Length * (sizeof(long) + sizeof(long)));

    /// <inheritdoc/>
    public SampleEntry this[int index]
    {
        get
        {
            ArgumentOutOfRangeException.ThrowIfNegative(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
            var (at, expected) = _starts[index / Stride];
            var reader = new Reader(_bytes, at, expected, _unit);
            for (var passed = index % Stride; passed > 0; passed--)
            {
                reader.Next();
            }

            return reader.Next();
        }
    }

    /// <summary>Packs entries.</summary>
    /// <param name="entries">The samples.</param>
    /// <param name="unit">What every offset is a multiple of, bytes: 512 in a tar.</param>
    public static SampleTable Of(IReadOnlyCollection<SampleEntry> entries, int unit)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(1, entries.Count * 10));
        var expected = 0L;
        Span<(Member Member, int Kind)> members = stackalloc (Member, int)[Kinds.Length];
        foreach (var entry in entries)
        {
            var count = 0;
            for (var kind = 0; kind < Kinds.Length; kind++)
            {
                if (entry.Of(Kinds[kind]) is { IsPresent: true } member)
                {
                    members[count++] = (member, kind);
                }
            }

            members[..count].Sort((a, b) => (a.Member.Offset, a.Kind).CompareTo((b.Member.Offset, b.Kind)));
            Write(bytes, (ulong)count);
            foreach (var (member, kind) in members[..count])
            {
                Write(bytes, (Zigzag((member.Offset / unit) - expected) << KindBits) | (uint)kind);
                Write(bytes, (ulong)member.Length);
                expected = Behind(member, unit);
            }
        }

        return Read(bytes.WrittenSpan.ToArray(), entries.Count, unit);
    }

    /// <summary>The table of written bytes.</summary>
    /// <exception cref="InvalidDataException">They are no such table.</exception>
    public static SampleTable Read(byte[] bytes, int count, int unit)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(unit);
        if (count < 0 || count > bytes.Length)
        {
            throw new InvalidDataException("A table of samples has another length than its samples take.");
        }

        var starts = new (int, long)[(count + Stride - 1) / Stride];
        var reader = new Reader(bytes, 0, 0, unit);
        try
        {
            for (var i = 0; i < count; i++)
            {
                if (i % Stride == 0)
                {
                    starts[i / Stride] = reader.Place;
                }

                reader.Next();
            }
        }
        catch (Exception e) when (e is IndexOutOfRangeException or OverflowException)
        {
            throw new InvalidDataException("A table of samples is damaged.", e);
        }

        return reader.Place.Byte == bytes.Length
            ? new SampleTable(bytes, starts, count, unit)
            : throw new InvalidDataException("A table of samples has another length than its samples take.");
    }

    /// <summary>The bytes that <see cref="Read"/> takes.</summary>
    public ReadOnlySpan<byte> AsBytes() => _bytes;

    /// <summary>Whether it says the same as another.</summary>
    public bool Equals(SampleTable other) => Count == other.Count && _unit == other._unit && _bytes.AsSpan().SequenceEqual(other._bytes);

    /// <inheritdoc/>
    public IEnumerator<SampleEntry> GetEnumerator()
    {
        var place = (Byte: 0, Expected: 0L);
        for (var i = 0; i < Count; i++)
        {
            var reader = new Reader(_bytes, place.Byte, place.Expected, _unit);
            var entry = reader.Next();
            place = reader.Place;
            yield return entry;
        }
    }

    /// <inheritdoc/>
    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

    /// <summary>The unit behind a member, and one for the header of the next.</summary>
    private static long Behind(Member member, int unit) => ((member.End + unit - 1) / unit) + 1;

    private static ulong Zigzag(long value) => (ulong)((value << 1) ^ (value >> 63));

    private static void Write(ArrayBufferWriter<byte> bytes, ulong value)
    {
        var span = bytes.GetSpan(LongestVarint);
        var length = 0;
        for (; value >= 0x80; value >>= 7)
        {
            span[length++] = (byte)(value | 0x80);
        }

        span[length++] = (byte)value;
        bytes.Advance(length);
    }

    private ref struct Reader(byte[] bytes, int at, long expected, int unit)
    {
        private int _at = at;
        private long _expected = expected;

        public readonly (int Byte, long Expected) Place => (_at, _expected);

        public SampleEntry Next()
        {
            var entry = default(SampleEntry);
            for (var left = Number(); left > 0; left--)
            {
                var head = Number();
                var step = head >> KindBits;
                var offset = checked((_expected + ((long)(step >> 1) ^ -(long)(step & 1))) * unit);
                var member = new Member(offset, checked((int)Number()));
                entry = offset > 0 ? entry.With(Kinds[(int)(head & ((1 << KindBits) - 1))], member) : throw new InvalidDataException("A table of samples is damaged.");
                _expected = Behind(member, unit);
            }

            return entry.Image.IsPresent ? entry : throw new InvalidDataException("A table of samples is damaged.");
        }

        private ulong Number()
        {
            var (value, shift) = (0UL, 0);
            byte next;
            do
            {
                next = bytes[_at++];
                value |= (ulong)(next & 0x7F) << shift;
                shift += 7;
            }
            while (next >= 0x80 && shift < 64);
            return value;
        }
    }
}
