using System.Text;

namespace Flip.Data.Tar;

/// <summary>The block of 512 bytes before the data of a tar member, in any of the formats: old (v7), POSIX (ustar, pax) and GNU.</summary>
internal readonly ref struct TarHeader
{
    /// <summary>Bytes of a block: a tar is made of whole ones.</summary>
    public const int BlockSize = 512;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly ReadOnlySpan<byte> _block;

    private TarHeader(ReadOnlySpan<byte> block, long size)
    {
        _block = block;
        Size = size;
    }

    /// <summary>Bytes of data, not negative; of links, directories and devices it has no meaning.</summary>
    public long Size { get; }

    /// <summary>What the member is.</summary>
    public byte Type => _block[156];

    /// <summary>What a link leads to.</summary>
    public string LinkTarget => Text(_block.Slice(157, 100));

    /// <summary>The name, with the prefix that POSIX puts long paths into; GNU has times there.</summary>
    public string Name
    {
        get
        {
            var name = Text(_block[..100]);
            var prefix = _block.Slice(257, 5).SequenceEqual("ustar"u8) && _block[262] != ' ' ? Text(_block.Slice(345, 155)) : "";
            return prefix.Length > 0 ? $"{prefix}/{name}" : name;
        }
    }

    /// <summary>The beginning of GNU's old table of a sparse member's pieces, and whether blocks of it follow.</summary>
    public (byte[] Table, bool Continues, long Length) OldSparse =>
        (_block.Slice(386, 96).ToArray(), _block[482] != 0, Number(_block.Slice(483, 12)) ?? -1);

    /// <summary>Reads a block; false where it is no header, which its checksum tells. Only what is needed is read, so odd owners and times do no harm.</summary>
    public static bool TryRead(ReadOnlySpan<byte> block, out TarHeader header)
    {
        header = new TarHeader(block, Number(block.Slice(124, 12)) ?? -1);
        if (Number(block.Slice(148, 8)) is not { } written || header.Size < 0)
        {
            return false;
        }

        // Some old programs added the bytes up as signed ones. The checksum itself counts as eight blanks.
        var (unsigned, signed) = (8L * ' ', 8L * ' ');
        for (var i = 0; i < block.Length; i++)
        {
            if (i is < 148 or >= 156)
            {
                (unsigned, signed) = (unsigned + block[i], signed + (sbyte)block[i]);
            }
        }

        return written == unsigned || written == signed;
    }

    /// <summary>A number: octal digits between blanks, nothing for 0, or a binary number behind a first bit of 1; null for anything else.</summary>
    public static long? Number(ReadOnlySpan<byte> field)
    {
        if ((field[0] & 0x80) != 0)
        {
            return Binary(field);
        }

        var digits = field.TrimStart((byte)' ');
        var end = digits.IndexOfAny((byte)0, (byte)' ');
        digits = end < 0 ? digits : digits[..end];
        long number = 0;
        foreach (var digit in digits)
        {
            if (digit is < (byte)'0' or > (byte)'7' || number > long.MaxValue >> 3)
            {
                return null;
            }

            number = (number << 3) | (uint)(digit - '0');
        }

        return number;
    }

    /// <summary>Text up to the first zero. What is no UTF-8 is read as Latin-1, so that different names stay different.</summary>
    public static string Text(ReadOnlySpan<byte> bytes)
    {
        var end = bytes.IndexOf((byte)0);
        bytes = end < 0 ? bytes : bytes[..end];
        try
        {
            return StrictUtf8.GetString(bytes);
        }
        catch (DecoderFallbackException)
        {
            return Encoding.Latin1.GetString(bytes);
        }
    }

    /// <summary>GNU's numbers in base 256; negative ones, as of times before 1970, are all null: no field that is read has them.</summary>
    private static long? Binary(ReadOnlySpan<byte> field)
    {
        long number = field[0] & 0x7F;
        foreach (var digit in field[1..])
        {
            if (number > long.MaxValue >> 8)
            {
                return null;
            }

            number = (number << 8) | digit;
        }

        return number;
    }
}
