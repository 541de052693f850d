using System.Globalization;
using System.Text;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>
/// The text normalization before WordPiece: lower case, no accents (of an uncased vocabulary), a blank around every punctuation mark and
/// ideograph. The result's words are what lies between its blanks. Written here because the normalizer of
/// Microsoft.ML.Tokenizers is neither of the two references: it lower-cases letter by letter (final sigma, dotted I) and
/// has no compatibility folding.
/// </summary>
internal static class WordPieceText
{
    /// <summary>google-research/bert: characters of a word, above which it is unknown.</summary>
    public const int MaxCharacters = 200;

    /// <summary>TensorFlow Text: UTF-8 bytes of a word, above which it is unknown.</summary>
    public const int MaxBytes = 100;

    /// <param name="text">Any text.</param>
    /// <param name="rules">Variant, case, accents, ideographs.</param>
    /// <param name="separate">Whether punctuation becomes words of its own: Hugging Face looks for added tokens before that.</param>
    public static string Normalize(string text, WordPieceRules rules, bool separate = true)
    {
        if (!Ascii.IsValid(text))
        {
            // BERT's is made safe behind the cleaning: marks come together where what stood between them is deleted.
            text = rules.Variant == WordPieceVariant.TfText ? UnicodeText.FoldCase(UnicodeText.MakeSafe(text)) : Fold(UnicodeText.MakeSafe(Clean(text)), rules);
        }

        var spaced = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            Append(spaced, rune, rules, separate);
        }

        return spaced.ToString();
    }

    /// <summary>Whether a normalized word is too long to be looked up and therefore unknown.</summary>
    /// <param name="word">The word.</param>
    /// <param name="variant">TensorFlow Text counts bytes.</param>
    /// <param name="longest">Characters of the longest word that is looked up, for BERT.</param>
    public static bool IsTooLong(ReadOnlySpan<char> word, WordPieceVariant variant, int longest)
    {
        if (variant == WordPieceVariant.TfText)
        {
            return word.Length > MaxBytes || Encoding.UTF8.GetByteCount(word) > MaxBytes;
        }

        // A character is one or two UTF-16 units.
        return word.Length > 2 * longest || (word.Length > longest && CountCharacters(word) > longest);
    }

    private static string Fold(string text, WordPieceRules rules)
    {
        text = rules.LowerCase ? UnicodeText.ToLower(text) : text;
        return rules.StripAccents ? text.Normalize(NormalizationForm.FormD) : text;
    }

    private static int CountCharacters(ReadOnlySpan<char> word)
    {
        var count = 0;
        foreach (var _ in word.EnumerateRunes())
        {
            count++;
        }

        return count;
    }

    /// <summary>BERT's cleaning, which comes before lower-casing: what it deletes must not separate a word from its case context.</summary>
    private static string Clean(string text)
    {
        var clean = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            if (IsBlank(rune))
            {
                clean.Append(' ');
            }
            else if (rune != Rune.ReplacementChar && !IsControl(Rune.GetUnicodeCategory(rune)))
            {
                clean.Append(rune);
            }
        }

        return clean.ToString();
    }

    private static void Append(StringBuilder spaced, Rune rune, WordPieceRules rules, bool separate)
    {
        var category = Rune.GetUnicodeCategory(rune);
        if (rune.IsAscii && char.IsAsciiLetterOrDigit((char)rune.Value))
        {
            spaced.Append(rules.LowerCase ? char.ToLowerInvariant((char)rune.Value) : (char)rune.Value);
        }
        else if (rune.Value == ' ' || IsControl(category))
        {
            // TensorFlow Text makes a blank of every control character, BERT of these three; it deletes the others.
            if (rules.Variant == WordPieceVariant.TfText || rune.Value is ' ' or '\t' or '\n' or '\r')
            {
                spaced.Append(' ');
            }
        }
        else if ((separate && IsPunctuation(rune, category)) || (rules.SeparateIdeographs && IsIdeograph(rune.Value)))
        {
            spaced.Append(' ').Append(rune).Append(' ');
        }
        else if (!rules.StripAccents || category != UnicodeCategory.NonSpacingMark)
        {
            spaced.Append(rune);
        }
    }

    private static bool IsBlank(Rune rune) => rune.Value is '\t' or '\n' or '\r'
        || Rune.GetUnicodeCategory(rune)
            is UnicodeCategory.SpaceSeparator or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator;

    private static bool IsControl(UnicodeCategory category) => category is UnicodeCategory.Control or UnicodeCategory.Format;

    /// <summary>Unicode punctuation, and every ASCII mark though some are symbols (<c>$+&lt;=&gt;^`|~</c>).</summary>
    private static bool IsPunctuation(Rune rune, UnicodeCategory category) =>
        (rune.IsAscii && rune.Value is > ' ' and < 0x7F)
        || category is >= UnicodeCategory.ConnectorPunctuation and <= UnicodeCategory.OtherPunctuation;

    private static bool IsIdeograph(int value) => value
        is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B820 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
