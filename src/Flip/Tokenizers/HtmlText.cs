using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using AngleSharp.Html;

namespace Flip.Tokenizers;

/// <summary>
/// Character references of HTML 5 as Python's <c>html.unescape</c> resolves them, which CLIP's tokenizer calls. AngleSharp has the
/// names; .NET's own decoder knows those of HTML 4 alone, and none without a semicolon.
/// </summary>
internal static partial class HtmlText
{
    /// <summary>Bytes 0x80-0x9F as browsers and Python understand them; .NET maps the five unassigned ones to themselves.</summary>
    private static readonly Encoding Windows1252 = CodePagesEncodingProvider.Instance.GetEncoding(1252)!;

    /// <summary>Resolves references, also names without a semicolon where HTML 5 has such (<c>&amp;notit;</c> is <c>¬it;</c>).</summary>
    public static string Unescape(string text) =>
        text.Contains('&', StringComparison.Ordinal) ? Reference().Replace(text, match => Resolve(match.Groups[1].Value)) : text;

    /// <summary>Resolves only what is certainly a reference: complete, with its semicolon (ftfy).</summary>
    public static string UnescapeCertain(string text) =>
        text.Contains('&', StringComparison.Ordinal) ? CertainReference().Replace(text, match => ResolveCertain(match.Value)) : text;

    /// <summary>The character meant by a C1 control character: text that was decoded as Latin-1 but is Windows-1252.</summary>
    public static string FromC1(char control) => Windows1252.GetString([(byte)control]);

    [GeneratedRegex(@"&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)")]
    private static partial Regex Reference();

    [GeneratedRegex(@"&#?[0-9A-Za-z]{1,24};")]
    private static partial Regex CertainReference();

    private static string Resolve(string reference)
    {
        if (reference[0] == '#')
        {
            var digits = reference.AsSpan(1).TrimEnd(';');
            return digits[0] is 'x' or 'X'
                ? ResolveNumber(digits[1..], NumberStyles.AllowHexSpecifier)
                : ResolveNumber(digits, NumberStyles.None);
        }

        for (var length = reference.Length; length > 1; length--)
        {
            if (HtmlEntityProvider.Resolver.GetSymbol(reference[..length]) is { } symbol)
            {
                return symbol + reference[length..];
            }
        }

        return "&" + reference;
    }

    private static string ResolveCertain(string reference)
    {
        if (reference[1] != '#')
        {
            return HtmlEntityProvider.Resolver.GetSymbol(reference[1..]) ?? reference;
        }

        var resolved = Unescape(reference);
        return resolved.Contains(';', StringComparison.Ordinal) ? reference : resolved;
    }

    private static string ResolveNumber(ReadOnlySpan<char> digits, NumberStyles style)
    {
        var fits = uint.TryParse(digits, style, CultureInfo.InvariantCulture, out var value);
        return !fits || value is 0 or > 0x10FFFF or (>= 0xD800 and <= 0xDFFF) ? "\uFFFD"
            : value == '\r' ? "\r"
            : value is >= 0x80 and <= 0x9F ? FromC1((char)value)
            : IsInvalid(value) ? string.Empty
            : new Rune(value).ToString();
    }

    /// <summary>Code points that HTML forbids and Python drops.</summary>
    private static bool IsInvalid(uint value) => value
        is (>= 0x1 and <= 0x8) or 0xB or (>= 0xE and <= 0x1F) or 0x7F or (>= 0xFDD0 and <= 0xFDEF) || (value & 0xFFFE) == 0xFFFE;
}
