using System.Globalization;
using System.Text;

namespace Flip.Tokenizers;

/// <summary>
/// Unicode operations that the reference tokenizers take from Python and ICU and .NET does not have in that form: full
/// lower-casing, compatibility case folding, and text that every normalization accepts.
/// </summary>
internal static class UnicodeText
{
    /// <summary>The longest run of combining marks in Stream-Safe Text (UAX #15).</summary>
    private const int MaxMarks = 30;

    /// <summary>Word_Break = MidLetter, MidNumLet, Single_Quote: what belongs to the inside of a word.</summary>
    private const string MidWord = "'.:\u00B7\u0387\u055F\u05F4\u2018\u2019\u2024\u2027\uFE13\uFE52\uFE55\uFF07\uFF0E\uFF1A";

    /// <summary>
    /// Replaces lone surrogates by U+FFFD and cuts runs of combining marks to 30: <see cref="string.Normalize()"/> refuses the
    /// former and takes quadratic time for the latter.
    /// </summary>
    public static string MakeSafe(string text)
    {
        if (Ascii.IsValid(text))
        {
            return text;
        }

        var safe = new StringBuilder(text.Length);
        var marks = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            marks = IsMark(Rune.GetUnicodeCategory(rune)) ? marks + 1 : 0;
            if (marks <= MaxMarks)
            {
                // Normalize refuses U+FFFE as well; U+FFFF is as much a non-character.
                safe.Append(rune.Value == 0xFFFE ? new Rune(0xFFFF) : rune);
            }
        }

        return safe.ToString();
    }

    /// <summary>Python's <c>str.lower()</c>: as .NET's, with the two letters whose lower case is no single other letter.</summary>
    public static string ToLower(string text)
    {
        if (text.AsSpan().IndexOfAny('İ', 'Σ') < 0)
        {
            return text.ToLowerInvariant();
        }

        var chars = text.Replace("İ", "i\u0307", StringComparison.Ordinal).ToCharArray();
        for (var i = 0; i < chars.Length; i++)
        {
            if (chars[i] == 'Σ')
            {
                chars[i] = IsFinal(chars, i) ? 'ς' : 'σ';
            }
        }

        return new string(chars).ToLowerInvariant();
    }

    /// <summary>Unicode's NFKC_Casefold, left in decomposed form (NFKD).</summary>
    public static string FoldCase(string text)
    {
        var folded = new StringBuilder(text.Length);
        foreach (var rune in text.Normalize(NormalizationForm.FormKD).EnumerateRunes())
        {
            if (!IsDefaultIgnorable(rune.Value))
            {
                AppendFolded(folded, rune);
            }
        }

        // Marks may have come together where what stood between them is ignored.
        return MakeSafe(folded.ToString()).Normalize(NormalizationForm.FormKD);
    }

    /// <summary>Appends the full case folding of one decomposed code point (CaseFolding.txt, C and F).</summary>
    private static void AppendFolded(StringBuilder folded, Rune rune)
    {
        // Behind a decomposition these are all entries that lower(upper(x)) does not give.
        _ = rune.Value switch
        {
            0xDF or 0x1E9E => folded.Append("ss"),
            0x345 => folded.Append('ι'),
            >= 0x13A0 and <= 0x13F5 => folded.Append(rune),
            (>= 0x13F8 and <= 0x13FD) or (>= 0xAB70 and <= 0xABBF) => folded.Append(Rune.ToUpperInvariant(rune)),
            _ => folded.Append(Rune.ToLowerInvariant(Rune.ToUpperInvariant(rune))),
        };
    }

    private static bool IsMark(UnicodeCategory category) =>
        category is UnicodeCategory.NonSpacingMark or UnicodeCategory.SpacingCombiningMark or UnicodeCategory.EnclosingMark;

    /// <summary>Default_Ignorable_Code_Point of DerivedCoreProperties.txt.</summary>
    private static bool IsDefaultIgnorable(int value) => value
        is 0xAD or 0x34F or 0x61C or (>= 0x115F and <= 0x1160) or (>= 0x17B4 and <= 0x17B5) or (>= 0x180B and <= 0x180F)
        or (>= 0x200B and <= 0x200F) or (>= 0x202A and <= 0x202E) or (>= 0x2060 and <= 0x206F) or 0x3164
        or (>= 0xFE00 and <= 0xFE0F) or 0xFEFF or 0xFFA0 or (>= 0xFFF0 and <= 0xFFF8)
        or (>= 0x1BCA0 and <= 0x1BCA3) or (>= 0x1D173 and <= 0x1D17A) or (>= 0xE0000 and <= 0xE0FFF);

    /// <summary>Unicode's Final_Sigma: a cased letter before and none after, across what is case-ignorable.</summary>
    private static bool IsFinal(ReadOnlySpan<char> text, int position)
    {
        var before = text[..position];
        while (Rune.DecodeLastFromUtf16(before, out var rune, out var length) == System.Buffers.OperationStatus.Done)
        {
            if (IsCaseIgnorable(rune))
            {
                before = before[..^length];
                continue;
            }

            return IsCased(rune) && !StartsCased(text[(position + 1)..]);
        }

        return false;
    }

    private static bool StartsCased(ReadOnlySpan<char> after)
    {
        foreach (var rune in after.EnumerateRunes())
        {
            if (!IsCaseIgnorable(rune))
            {
                return IsCased(rune);
            }
        }

        return false;
    }

    private static bool IsCased(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.UppercaseLetter or UnicodeCategory.LowercaseLetter or UnicodeCategory.TitlecaseLetter;

    private static bool IsCaseIgnorable(Rune rune) =>
        (rune.IsBmp && MidWord.Contains((char)rune.Value, StringComparison.Ordinal))
        || Rune.GetUnicodeCategory(rune) is UnicodeCategory.NonSpacingMark or UnicodeCategory.EnclosingMark
            or UnicodeCategory.Format or UnicodeCategory.ModifierLetter or UnicodeCategory.ModifierSymbol;
}
