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

    /// <summary>Characters that a line may have, the same as a record of CSV: metadata in lines of JSON are the longest, a million or so.</summary>
    public const int LongestLine = 1 << 24;

    /// <summary>Bytes of a text that is read whole: lists of classes, templates, descriptions, settings. The largest published list of classes has 2 MB.</summary>
    public const int MostBytes = 1 << 26;

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

    /// <summary>Opens a file to read its lines, which may be broken. One of no bytes has no line and is not opened (<see cref="PlainFile"/>).</summary>
    /// <exception cref="IOException">It cannot be opened.</exception>
    public static StreamReader Open(string path)
    {
        if (PlainFile.Length(path) == 0)
        {
            return new StreamReader(Stream.Null);
        }

        return Open(() => File.OpenRead(path));
    }

    /// <summary>Opens a text that cannot be read twice, such as a compressed one: what is opened first tells the encoding, and is closed.</summary>
    /// <param name="open">Opens it at its beginning.</param>
    internal static StreamReader Open(Func<Stream> open)
    {
        Span<byte> start = stackalloc byte[LongestMark];
        Encoding encoding;
        int mark;
        using (var first = open())
        {
            (encoding, mark) = EncodingOf(start[..first.ReadAtLeast(start, LongestMark, throwOnEndOfStream: false)]);
        }

        var stream = open();
        try
        {
            stream.ReadExactly(start[..mark]);
            return new StreamReader(stream, encoding, detectEncodingFromByteOrderMarks: false);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>The lines of a text as <see cref="TextReader.ReadLine"/> divides it, within a limit of their length.</summary>
    /// <param name="text">The text, read as lines are asked for.</param>
    /// <param name="name">What to call it in messages.</param>
    /// <exception cref="ConfigException">A line is longer than <see cref="LongestLine"/>.</exception>
    public static IEnumerable<string> Lines(TextReader text, string name)
    {
        ArgumentNullException.ThrowIfNull(text);
        var (block, begun, number, isInBreak) = (new char[1 << 14], new StringBuilder(), 1, false);
        for (int count; (count = text.Read(block, 0, block.Length)) > 0;)
        {
            var start = isInBreak && block[0] == '\n' ? 1 : 0; // a line feed behind a carriage return belongs to it
            isInBreak = false;
            while (block.AsSpan(start, count - start).IndexOfAny('\r', '\n') is >= 0 and var length)
            {
                yield return begun.Length == 0 ? new string(block, start, length) : begun.Append(block, start, length).ToString();
                begun.Clear();
                number++;
                start += length + 1;
                isInBreak = block[start - 1] == '\r' && start == count;
                start += block[start - 1] == '\r' && start < count && block[start] == '\n' ? 1 : 0;
            }

            begun.Append(block, start, count - start);
            if (begun.Length > LongestLine)
            {
                throw new ConfigException(FormattableString.Invariant(
                    $"{name}, line {number}: it is longer than {LongestLine:N0} characters, the most that a line may have. Is it a text file?"));
            }
        }

        if (begun.Length > 0)
        {
            yield return begun.ToString();
        }
    }

    /// <summary>All of a file.</summary>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="InvalidDataException">It is broken, or has more than <see cref="MostBytes"/>.</exception>
    public static string Read(string path)
    {
        var length = PlainFile.Length(path);
        if (length > MostBytes)
        {
            throw new InvalidDataException(FormattableString.Invariant($"'{path}' has {length:N0} bytes; a text is read up to {MostBytes:N0}."));
        }

        var text = length == 0 ? "" : Decode(File.ReadAllBytes(path));
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
