using System.Buffers.Binary;
using System.Text;

namespace Flip.Tokenizers;

/// <summary>
/// What letters become before a text is cut into pieces: SentencePiece's <c>precompiled_charsmap</c>, a double array of byte sequences (the layout of
/// darts-clone) and the texts that they become. Of several sequences at a place the longest counts.
/// </summary>
internal sealed class CharacterMap
{
    private const int LongestSequence = 32; // letters; SentencePiece looks at 32 sequences at a place
    private const uint LabelMask = 0x800000FF;

    private readonly uint[] _units;
    private readonly byte[] _texts;

    /// <param name="file">The file, for errors.</param>
    /// <param name="content">The map's bytes: the length of the array, the array, texts that end in 0.</param>
    /// <exception cref="VocabularyException">It is no such map.</exception>
    public CharacterMap(string file, byte[] content)
    {
        var length = content.Length >= sizeof(uint) ? BinaryPrimitives.ReadUInt32LittleEndian(content) : uint.MaxValue;
        if (length > content.Length - sizeof(uint) || length % sizeof(uint) != 0 || length == 0)
        {
            throw new VocabularyException(file, "its map of characters is damaged");
        }

        _units = new uint[length / sizeof(uint)];
        for (var i = 0; i < _units.Length; i++)
        {
            _units[i] = BinaryPrimitives.ReadUInt32LittleEndian(content.AsSpan(sizeof(uint) * (i + 1)));
        }

        _texts = content[(sizeof(uint) + (int)length)..];
        var rest = _texts.AsSpan();
        while (!rest.IsEmpty)
        {
            var end = rest.IndexOf((byte)0);
            var text = end < 0 ? rest : rest[..end];
            if (text.Length > TokenizerLimits.PieceLength)
            {
                throw new VocabularyException(file, $"its map of characters makes a text of {text.Length} bytes of a letter, the most that are read are {TokenizerLimits.PieceLength}");
            }

            rest = end < 0 ? [] : rest[(end + 1)..];
        }
    }

    /// <summary>The text that the letters at the beginning of a text become.</summary>
    /// <param name="text">The text, not empty.</param>
    /// <param name="length">UTF-16 units that become it; 0 if none do.</param>
    public string Longest(ReadOnlySpan<char> text, out int length)
    {
        Span<byte> bytes = stackalloc byte[4];
        var (node, read, best) = (Offset(_units[0]), 0, -1);
        length = 0;
        for (var letters = 0; letters < LongestSequence && read < text.Length; letters++)
        {
            Rune.DecodeFromUtf16(text[read..], out var rune, out var units);
            foreach (var value in bytes[..rune.EncodeToUtf8(bytes)])
            {
                node ^= value;
                if (node >= (uint)_units.Length || (_units[node] & LabelMask) != value)
                {
                    return Text(best);
                }

                var unit = _units[node];
                node ^= Offset(unit);
                if (HasLeaf(unit) && node < (uint)_units.Length)
                {
                    (best, length) = ((int)(_units[node] & int.MaxValue), read + units); // sequences end where letters do
                }
            }

            read += units;
        }

        return Text(best);
    }

    private static uint Offset(uint unit) => (unit >> 10) << (int)((unit & 0x200) >> 6);

    private static bool HasLeaf(uint unit) => ((unit >> 8) & 1) == 1;

    private string Text(int at)
    {
        if (at < 0 || at >= _texts.Length)
        {
            return string.Empty;
        }

        var text = _texts.AsSpan(at);
        var end = text.IndexOf((byte)0);
        return Encoding.UTF8.GetString(end < 0 ? text : text[..end]);
    }
}
