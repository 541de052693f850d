namespace Flip.Data.Images;

/// <summary>
/// The colour that a GIF's transparent pixels have in its palette, from the blocks before its first picture. Read here since Skia makes such pixels 0, 0, 0, 0
/// and tells neither palette nor index.
/// </summary>
internal static class GifColours
{
    private const int HeaderBytes = 13;
    private const int DescriptorBytes = 10;
    private const byte Extension = 0x21;
    private const byte GraphicControl = 0xF9;
    private const byte Picture = 0x2C;
    private const byte Trailer = 0x3B;

    /// <summary>Red, green, blue of the first picture's transparent pixels and of what it does not cover: the palette's colour of the transparent index, and of
    /// index 0 where none is transparent, as Pillow fills. An index that the palette lacks is that gray.</summary>
    /// <param name="gif">The file's bytes.</param>
    /// <param name="rgb">Receives the colour.</param>
    /// <returns>False where there is no picture, or no palette for it: its colours are then undefined, and Skia's are black.</returns>
    public static bool TryReadHidden(ReadOnlySpan<byte> gif, Span<byte> rgb)
    {
        if (gif.Length < HeaderBytes)
        {
            return false;
        }

        var palette = PaletteAt(gif, HeaderBytes, gif[10]);
        var (at, transparent) = (HeaderBytes + palette.Length, (byte)0);
        while (at < gif.Length && gif[at] != Picture && gif[at] != Trailer)
        {
            if (gif[at++] != Extension)
            {
                continue; // a byte between blocks is passed over, as by Pillow
            }

            // Label, then a sub-block of length 4: flags, delay of two bytes, transparent index.
            if (at + 5 < gif.Length && gif[at] == GraphicControl && gif[at + 1] >= 4 && (gif[at + 2] & 1) != 0)
            {
                transparent = gif[at + 5];
            }

            at = SkipSubBlocks(gif, at + 1);
        }

        if (at + DescriptorBytes > gif.Length || gif[at] != Picture)
        {
            return false;
        }

        var local = PaletteAt(gif, at + DescriptorBytes, gif[at + DescriptorBytes - 1]);
        palette = local.IsEmpty ? palette : local;
        if (transparent * 3 < palette.Length)
        {
            palette.Slice(transparent * 3, 3).CopyTo(rgb);
        }
        else
        {
            rgb.Fill(transparent);
        }

        return !palette.IsEmpty;
    }

    /// <summary>The colours that follow a descriptor with these flags; empty where none do, or fewer than it says.</summary>
    private static ReadOnlySpan<byte> PaletteAt(ReadOnlySpan<byte> gif, int at, byte flags)
    {
        var bytes = (flags & 0x80) != 0 ? 3 * (2 << (flags & 7)) : 0;
        return at + bytes <= gif.Length ? gif.Slice(at, bytes) : [];
    }

    private static int SkipSubBlocks(ReadOnlySpan<byte> gif, int at)
    {
        while (at < gif.Length && gif[at] != 0)
        {
            at += gif[at] + 1;
        }

        return at + 1;
    }
}
