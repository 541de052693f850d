namespace Flip.Data.Images;

/// <summary>
/// Walks a JPEG's markers to its end. Written by hand since the decoder does not tell: Skia takes a progressive file (any of several scans) that is cut after
/// its first scan as whole, in a coarse form, and reading rows never looks below the last one. Pixels are not looked at: damage that leaves the markers in order
/// is filled by the decoder without a word, as in every reference implementation.
/// </summary>
internal static class JpegMarkers
{
    private const byte Marker = 0xFF;
    private const int LengthBytes = 2;

    /// <summary>Scans of a file. The decoder goes over the whole picture once for each, whatever it has; libjpeg's own script has 10, and optimising encoders
    /// make fewer than 30.</summary>
    private const int MostScans = 64;

    /// <summary>Why a file is no whole JPEG, as libjpeg would see it that reads to the end; null for a whole one. What lies behind the end is not looked at.</summary>
    /// <param name="jpeg">The file's bytes, from the start-of-image marker.</param>
    public static (string Cause, string Detail)? FindDamage(ReadOnlySpan<byte> jpeg)
    {
        var scans = 0;
        for (var at = 2; NextMarker(jpeg, ref at) is { } code;)
        {
            switch (code)
            {
                case 0xDA when ++scans > MostScans: // SOS
                    return (BadImageException.Corrupt, $"it has more than {MostScans} scans");
                case 0x00 or 0x01 or (>= 0xD0 and <= 0xD7): // a stuffed byte of pixels, TEM, RST0 to RST7: nothing follows that belongs to it
                    continue;
                case 0xD9: // EOI
                    return null;
                case < 0xC0 or 0xC8 or 0xD8 or (>= 0xF0 and <= 0xFD): // reserved ones, and a second SOI
                    return (BadImageException.Corrupt, $"the marker FF{code:X2} before byte {at} has no place in it");
            }

            // A segment says its length, so an end that belongs to a thumbnail in it is passed over.
            var length = at + LengthBytes <= jpeg.Length ? (jpeg[at] << 8) + jpeg[at + 1] : LengthBytes;
            if (length < LengthBytes)
            {
                return (BadImageException.Corrupt, $"the segment FF{code:X2} before byte {at} has a length of {length}");
            }

            at = Math.Min(at + length, jpeg.Length);
        }

        return (BadImageException.Truncated, "it lacks its end");
    }

    /// <summary>The code of the next marker, and <paramref name="at"/> behind it; null at the end of the bytes.</summary>
    private static byte? NextMarker(ReadOnlySpan<byte> jpeg, ref int at)
    {
        var found = jpeg[at..].IndexOf(Marker);
        var filled = found < 0 ? -1 : jpeg[(at + found)..].IndexOfAnyExcept(Marker); // any number of FF may stand before a code
        if (filled < 0)
        {
            return null;
        }

        at += found + filled + 1;
        return jpeg[at - 1];
    }
}
