using System.Text;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>
/// open_clip's cleaning of a text: ftfy's repairs (see <see cref="ClipText.Repair"/>), HTML's character references, then single blanks; where
/// asked for, lower case, and no ASCII punctuation.
/// </summary>
internal static class TextCleaner
{
    public static string Clean(string text, TextCleaning cleaning)
    {
        if (cleaning == TextCleaning.None)
        {
            return text;
        }

        text = ClipText.Repair(UnicodeText.MakeSafe(text));
        text = HtmlText.Unescape(HtmlText.Unescape(text));
        if (cleaning == TextCleaning.Canonicalize)
        {
            text = WithoutPunctuation(text.Replace('_', ' '));
        }

        text = SingleBlanks(text).Trim();
        return cleaning == TextCleaning.Whitespace ? text : UnicodeText.ToLower(text);
    }

    /// <summary>A text without ASCII punctuation.</summary>
    public static string WithoutPunctuation(string text) => string.Concat(text.Where(c => !char.IsAscii(c) || !(char.IsPunctuation(c) || char.IsSymbol(c))));

    /// <summary>One blank for each run of white space.</summary>
    public static string SingleBlanks(string text)
    {
        var single = new StringBuilder(text.Length);
        foreach (var c in text)
        {
            var blank = char.IsWhiteSpace(c);
            if (!blank || single.Length == 0 || single[^1] != ' ')
            {
                single.Append(blank ? ' ' : c);
            }
        }

        return single.ToString();
    }
}
