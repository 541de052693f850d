using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;

namespace Flip.Tokenizers;

/// <summary>
/// The text cleaning of CLIP's tokenizer: ftfy, HTML, lower case; and its split into words. Of ftfy 6.3 everything is here
/// except the repair of mojibake (text decoded in the wrong encoding), a statistical model of its own.
/// </summary>
internal static partial class ClipText
{
    public const string StartOfText = "<|startoftext|>";
    public const string EndOfText = "<|endoftext|>";

    /// <summary>ftfy repeats its repairs until nothing changes; a bound keeps nested references from taking quadratic time.</summary>
    private const int MaxRounds = 8;

    private static readonly string[] Contractions = ["'s", "'ſ", "'t", "'re", "'ve", "'m", "'ll", "'d"];

    /// <summary>OpenAI's cleaning.</summary>
    public static string Clean(string text)
    {
        text = Repair(UnicodeText.MakeSafe(text));
        return UnicodeText.ToLower(HtmlText.Unescape(HtmlText.Unescape(text)).Trim());
    }

    /// <summary>Hugging Face's steps: composed characters, single blanks, lower case.</summary>
    public static string Normalize(string text) =>
        UnicodeText.ToLower(TextCleaner.SingleBlanks(UnicodeText.MakeSafe(text).Normalize(NormalizationForm.FormC)));

    /// <summary>
    /// Length of the first word of a cleaned text, 0 where it begins with white space. Words are the markers, the English
    /// contractions, runs of letters, single digits, and runs of anything else. (.NET's regular expressions see UTF-16
    /// units, so that letters beyond the first plane would be none; hence no pattern.)
    /// </summary>
    /// <param name="text">The text from a word's beginning on.</param>
    /// <param name="markers">The markers; null where they are no words.</param>
    public static int WordLength(ReadOnlySpan<char> text, (string Start, string End)? markers)
    {
        // The pattern is blind to case. A marker in capitals is thus a word, and none that has an id.
        if (markers is var (start, end) && text[0] == '<' && (StartsWith(text, start) || StartsWith(text, end)))
        {
            return StartsWith(text, start) ? start.Length : end.Length;
        }

        if (text[0] == '\'' && ContractionLength(text) is > 0 and var contraction)
        {
            return contraction;
        }

        Rune.DecodeFromUtf16(text, out var first, out var length);
        var kind = KindOf(first);
        if (kind == Kind.Space)
        {
            return 0;
        }

        while (kind != Kind.Number && length < text.Length)
        {
            Rune.DecodeFromUtf16(text[length..], out var next, out var consumed);
            if (KindOf(next) != kind)
            {
                break;
            }

            length += consumed;
        }

        return length;
    }

    /// <summary>ftfy's <c>fix_text</c> but for mojibake.</summary>
    internal static string Repair(string text)
    {
        for (var round = 0; round < MaxRounds; round++)
        {
            var before = text;
            if (!text.Contains('<', StringComparison.Ordinal))
            {
                text = HtmlText.UnescapeCertain(text);
            }

            text = TerminalEscape().Replace(RepairCharacters(text), string.Empty);
            text = UnicodeText.MakeSafe(RemoveControls(text)).Normalize(NormalizationForm.FormC);
            if (text == before)
            {
                break;
            }
        }

        return text;
    }

    [GeneratedRegex(@"\x1B\[[0-9;]*[a-zA-Z]")]
    private static partial Regex TerminalEscape();

    private static string RepairCharacters(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var repaired = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            _ = c switch
            {
                >= '\u0080' and <= '\u009F' => repaired.Append(HtmlText.FromC1(c)),
                '\uFB05' => repaired.Append("ſt"),
                'ŉ' => repaired.Append("'n"),
                'Ĳ' or 'ĳ' or (>= 'Ǆ' and <= 'ǌ') or (>= 'Ǳ' and <= 'ǳ') or (>= '\uFB00' and <= '\uFB06')
                    or (>= '\uFF01' and <= '\uFFEF') or '\u3000' => repaired.Append(c.ToString().Normalize(NormalizationForm.FormKC)),
                'ʼ' or (>= '\u2018' and <= '\u201B') => repaired.Append('\''),
                >= '\u201C' and <= '\u201F' => repaired.Append('"'),
                _ => repaired.Append(c),
            };
        }

        return repaired.ToString();
    }

    private static string RemoveControls(string text)
    {
        static bool IsUnwanted(char c) => c is < '\t' or '\v' or (>= '\u000E' and < ' ') or '\u007F'
            or (>= '\u206A' and <= '\u206F') or '\uFEFF' or (>= '\uFFF9' and <= '\uFFFC');

        return text.Any(IsUnwanted) ? string.Concat(text.Where(c => !IsUnwanted(c))) : text;
    }

    private static int ContractionLength(ReadOnlySpan<char> text)
    {
        foreach (var contraction in Contractions)
        {
            if (StartsWith(text, contraction))
            {
                return contraction.Length;
            }
        }

        return 0;
    }

    private static bool StartsWith(ReadOnlySpan<char> text, string prefix) => text.StartsWith(prefix, StringComparison.OrdinalIgnoreCase);

    private static Kind KindOf(Rune rune) => Rune.GetUnicodeCategory(rune) switch
    {
        <= UnicodeCategory.OtherLetter => Kind.Letter,
        UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => Kind.Number,
        _ => Rune.IsWhiteSpace(rune) ? Kind.Space : Kind.Other,
    };

    private enum Kind
    {
        Letter,
        Number,
        Space,
        Other,
    }
}
