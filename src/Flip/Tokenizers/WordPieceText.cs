using System.Globalization;
using System.Text;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>
/// The uncased text normalization before WordPiece: lower case, no accents, a blank around every punctuation mark and
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

    public static string Normalize(string text, WordPieceVariant variant)
    {
        if (!Ascii.IsValid(text))
        {
            text = UnicodeText.MakeSafe(text);
            text = variant == WordPieceVariant.TfText
                ? UnicodeText.FoldCase(text)
                : UnicodeText.ToLower(Clean(text)).Normalize(NormalizationForm.FormD);
        }

        var spaced = new StringBuilder(text.Length + 16);
        foreach (var rune in text.EnumerateRunes())
        {
            Append(spaced, rune, variant);
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

    private static void Append(StringBuilder spaced, Rune rune, WordPieceVariant variant)
    {
        var category = Rune.GetUnicodeCategory(rune);
        if (rune.IsAscii && char.IsAsciiLetterOrDigit((char)rune.Value))
        {
            spaced.Append(char.ToLowerInvariant((char)rune.Value));
        }
        else if (rune.Value == ' ' || IsControl(category))
        {
            // TensorFlow Text makes a blank of every control character, BERT of these three; it deletes the others.
            if (variant == WordPieceVariant.TfText || rune.Value is ' ' or '\t' or '\n' or '\r')
            {
                spaced.Append(' ');
            }
        }
        else if (IsPunctuation(rune, category) || IsIdeograph(rune.Value))
        {
            spaced.Append(' ').Append(rune).Append(' ');
        }
        else if (category != UnicodeCategory.NonSpacingMark)
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
