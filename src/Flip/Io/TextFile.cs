using System.Text;

namespace Flip.Io;

/// <summary>
/// Text files of people. A byte-order mark says UTF-8, UTF-16 or UTF-32; without one a text is UTF-8. Bytes that are none are not guessed at: they become
/// a character that no text has, by which <see cref="IsBroken"/> knows them, so that one bad line or field costs no other.
/// </summary>
public static class TextFile
{
    /// <summary>What is wrong with a broken text; follows "the text" or a place.</summary>
    public const string Problem = "is not UTF-8, and no byte-order mark says another encoding (Windows-1252?): save it as UTF-8";

    /// <summary>Of Unicode's noncharacters, which are for a program's own use and are never written to files.</summary>
    private const char Broken = '\uFDD0';

    private const int LongestMark = 4;

    private static readonly Encoding Utf8 = Marking(new UTF8Encoding());

    /// <summary>Longer marks first: UTF-32's begins as UTF-16's.</summary>
    private static readonly (byte[] Mark, Encoding Encoding)[] Marks =
    [
        ([0xFF, 0xFE, 0, 0], Marking(new UTF32Encoding(bigEndian: false, byteOrderMark: true))),
        ([0, 0, 0xFE, 0xFF], Marking(new UTF32Encoding(bigEndian: true, byteOrderMark: true))),
        ([0xEF, 0xBB, 0xBF], Utf8),
        ([0xFF, 0xFE], Marking(new UnicodeEncoding(bigEndian: false, byteOrderMark: true))),
        ([0xFE, 0xFF], Marking(new UnicodeEncoding(bigEndian: true, byteOrderMark: true))),
    ];

    /// <summary>A text without its mark.</summary>
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var (encoding, mark) = EncodingOf(bytes);
        return encoding.GetString(bytes[mark..]);
    }

    /// <summary>The same as UTF-8 bytes, which are those given unless a mark says another encoding. Bytes that are no UTF-8 stay as they are.</summary>
    public static Memory<byte> ToUtf8(Memory<byte> bytes)
    {
        var (encoding, mark) = EncodingOf(bytes.Span);
        return encoding == Utf8 ? bytes[mark..] : Utf8.GetBytes(encoding.GetString(bytes.Span[mark..]));
    }

    /// <summary>
    /// Whether a decoded text has bytes that are none of its encoding, or is UTF-16 without a mark: every second byte of that is a zero or, in
    /// alphabets from Greek to Georgian, another control character.
    /// </summary>
    public static bool IsBroken(ReadOnlySpan<char> text)
    {
        var controls = 0;
        foreach (var letter in text)
        {
            if (letter == Broken)
            {
                return true;
            }

            controls += letter < ' ' && !char.IsWhiteSpace(letter) ? 1 : 0;
        }

        return controls > 0 && controls * 4L >= text.Length;
    }

    /// <summary>Opens a file to read its lines, which may be broken.</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static StreamReader Open(string path)
    {
        var file = File.OpenRead(path);
        try
        {
            Span<byte> start = stackalloc byte[LongestMark];
            var (encoding, mark) = EncodingOf(start[..file.ReadAtLeast(start, LongestMark, throwOnEndOfStream: false)]);
            file.Position = mark;
            return new StreamReader(file, encoding, detectEncodingFromByteOrderMarks: false);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>All of a file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is broken.</exception>
    public static string Read(string path)
    {
        var text = Decode(File.ReadAllBytes(path));
        return IsBroken(text) ? throw new InvalidDataException($"'{path}' {Problem}.") : text;
    }

    private static (Encoding Encoding, int Mark) EncodingOf(ReadOnlySpan<byte> start)
    {
        foreach (var (mark, encoding) in Marks)
        {
            if (start.StartsWith(mark))
            {
                return (encoding, mark.Length);
            }
        }

        return (Utf8, 0);
    }

    private static Encoding Marking(Encoding encoding)
    {
        var marking = (Encoding)encoding.Clone();
        marking.DecoderFallback = new DecoderReplacementFallback(Broken.ToString());
        return marking;
    }
}
