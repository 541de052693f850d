namespace Flip.Evaluation.Captioning;

/// <summary>
/// The words of a caption as coco-caption takes them before it scores: those of Stanford's PTBTokenizer 3.4.1 in lower case, without its list of punctuation
/// (<c>'' ' `` ` . ? ! , : - -- ... ;</c>). Contractions are two words (<c>do n't</c>, <c>dog 's</c>, <c>can not</c>, <c>gon na</c>); hyphens, slashes and
/// underscores hold a word together; abbreviations keep their full stop (<c>u.s.</c>, <c>mr.</c>), and so does any single letter; <c>£</c> becomes <c>#</c>, <c>€</c> becomes <c>$</c>;
/// brackets become <c>-lrb-</c>, <c>-rsb-</c> and so on, which stay: the list of punctuation has them in capitals, and the text is lowered before. Emoji and what else
/// that program does not know are deleted, symbols such as ☺ and runs such as <c>!!</c> stay.
/// <para>
/// This is a program of its own. Beside the lexer of that release it gave the same words for the 35 000 captions of Flickr8k's training and dev splits and for
/// 28 661 questions and answers of VQA. Not followed: fractions and telephone numbers that hold a blank (the scorers divide them at it too), tags with attributes,
/// smileys of Asian style, names of files that begin with a digit, character references other than <c>&amp;amp;</c>, <c>&amp;lt;</c>, <c>&amp;gt;</c>,
/// <c>&amp;quot;</c>, <c>&amp;apos;</c> and <c>&amp;nbsp;</c>, letters beyond U+FFFF, and what that program sees in the words behind: it takes the full stop from a single
/// letter where a sentence, or the next caption of the file, begins with one of some forty words (<c>on a hill A. The dog</c>).
/// </para>
/// </summary>
public static class CaptionTokenizer
{
    private static readonly HashSet<string> Punctuation = ["''", "'", "``", "`", ".", "?", "!", ",", ":", "-", "--", "...", ";"];

    /// <summary>The words of a caption.</summary>
    public static IReadOnlyList<string> Words(string caption)
    {
        ArgumentNullException.ThrowIfNull(caption);
        var text = TokenForms.Prepared(caption);
        var words = new List<string>();
        for (var at = 0; at < text.Length;)
        {
            var (length, token) = TokenForms.At(text, at);
            at += length;
            if (token is not null && !Punctuation.Contains(token))
            {
                words.Add(token.ToLowerInvariant());
            }
        }

        return words;
    }

    /// <summary>The words of a caption, separated by blanks: what <see cref="CaptionMetrics"/> reads.</summary>
    public static string Tokenize(string caption) => string.Join(' ', Words(caption));
}
