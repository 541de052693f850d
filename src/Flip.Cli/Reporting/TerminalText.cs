using System.Buffers;
using System.Globalization;
using System.Text;

namespace Flip.Cli.Reporting;

/// <summary>
/// Text without what a terminal would obey: names and messages of strangers may hold sequences that set its title, move its cursor, hide or reverse
/// what is written. Each such character is written as its escape, which is visible, and the same character within JSON.
/// </summary>
internal static class TerminalText
{
    /// <summary>Controls but tabs and line ends, line separators, and what overrides the direction of letters. The marks of direction (U+200E, U+200F) only give one.</summary>
    private static readonly SearchValues<char> Obeyed = SearchValues.Create(
    [
        .. Characters('\0', '\b'), .. Characters('\v', '\u001F'), .. Characters('\u007F', '\u009F'),
        .. Characters('\u2028', '\u202E'), .. Characters('\u2066', '\u2069'),
    ]);

    /// <summary>The text as it may be written.</summary>
    public static string Of(string text) => text.AsSpan().ContainsAny(Obeyed) ? Of(text.AsSpan()) : text;

    /// <inheritdoc cref="Of(string)"/>
    public static string Of(ReadOnlySpan<char> text)
    {
        var shown = new StringBuilder(text.Length + 16);
        while (text.IndexOfAny(Obeyed) is >= 0 and var place)
        {
            shown.Append(text[..place]);
            _ = text[place] == '\r' && text[(place + 1)..].StartsWith('\n') // a line's end, as Windows writes it
                ? shown.Append('\r')
                : shown.Append(CultureInfo.InvariantCulture, $"\\u{(int)text[place]:X4}");
            text = text[(place + 1)..];
        }

        return shown.Append(text).ToString();
    }

    private static IEnumerable<char> Characters(char first, char last) => Enumerable.Range(first, last - first + 1).Select(value => (char)value);
}
