using System.Text.RegularExpressions;

namespace Flip.Evaluation.Captioning;

/// <summary>
/// What a token can look like. At each place the form that reads on farthest wins, what it only looks at counted in; of equals the first. The rules are those
/// that the Penn Treebank and Stanford's tokenizer document, checked against that program on captions. What may be read for nothing is bounded, so that the time
/// grows with a caption's length and not with its square.
/// </summary>
internal static partial class TokenForms
{
    private const string SoftHyphen = "\u00AD";

    /// <summary>Words that are two tokens, by where they are cut.</summary>
    private static readonly Dictionary<string, int> Fused = new(StringComparer.OrdinalIgnoreCase)
    {
        ["cannot"] = 3,
        ["gonna"] = 3,
        ["gotta"] = 3,
        ["wanna"] = 3,
        ["lemme"] = 3,
        ["gimme"] = 3,
        ["'tis"] = 2,
        ["'twas"] = 2,
    };

    /// <summary>Forms whose token is the text itself, with how much of their length is looked at alone: the first wins among equals.</summary>
    private static readonly (Regex Form, int Ahead)[] Plain =
    [
        (FusedWord(), 0),
        (WordBeforeClitic(), 0),
        (WordBeforeNot(), 3),
        (PlainWord(), 0),
        (WordWithApostrophe(), 0),
        (CliticAtEnd(), 1),
        (Not(), 0),
        (NumberForm(), 0),
        (DateOrFraction(), 0),
        (Slashed(), 0),
        (Currency(), 0),
        (Abbreviations.AtAnyPlace(), 0),
        (Abbreviations.BeforeNumber(), 1),
        (ShortYear(), 1),
        (BeforeComma(), 1),
        (Hyphenated(), 0),
        (Joined(), 0),
        (CapitalsWithAmpersand(), 0),
        (CurlyClitic(), 0),
        (ProgrammingLanguage(), 0),
        (Address(), 0),
        (Tag(), 0),
        (Marks(), 0),
    ];

    /// <summary>A caption ready to be read: on one line, without soft hyphens, and with an end that rules can look at.</summary>
    public static string Prepared(string caption) =>
        caption.Replace(SoftHyphen, string.Empty, StringComparison.Ordinal).ReplaceLineEndings(" ").TrimEnd() + "\n";

    /// <summary>The next token.</summary>
    /// <param name="text">A prepared caption.</param>
    /// <param name="at">Where to read.</param>
    /// <returns>How many characters it has, and the token; null for blanks and for what is deleted.</returns>
    public static (int Length, string? Token) At(string text, int at)
    {
        if (IsBlank(text[at]))
        {
            return (1, null);
        }

        // Most words are letters up to a blank, of which no form makes anything else.
        var letters = Letters(text, at);
        if (letters > 0 && IsBlank(text[at + letters]))
        {
            return Word(text.Substring(at, letters));
        }

        var (reach, length) = Longest(text, at);
        return SymbolForms.At(text, at) is { } symbol && symbol.Reach > reach ? (symbol.Length, symbol.Token)
            : length == 0 ? (1, null)
            : Word(text.Substring(at, length));
    }

    private static (int Length, string Token) Word(string token) =>
        Fused.TryGetValue(token, out var cut) ? (cut, token[..cut])
        : (token.Length, PlainClitic().IsMatch(token) ? SymbolForms.WithPlainQuotes(token) : token);

    private static int Letters(string text, int at)
    {
        var end = at;
        while (char.IsAsciiLetter(text[end]))
        {
            end++;
        }

        return end - at;
    }

    private static (int Reach, int Length) Longest(string text, int at)
    {
        var (reach, length) = (0, 0);
        foreach (var (form, ahead) in Plain)
        {
            var match = form.Match(text, at);
            if (match.Success && match.Length + Looked(match) > reach)
            {
                (reach, length) = (match.Length + Looked(match), match.Length);
            }

            int Looked(Match found) => ahead + found.Groups["ahead"].Length;
        }

        return (reach, length);
    }

    private static bool IsBlank(char one) => char.IsWhiteSpace(one) || one is '\0' or '\u200B' or '\u200E' or '\u200F' or '\uFEFF';

    [GeneratedRegex(@"\G(?:cannot|gonna|gotta|wanna|lemme|gimme|'tis|'twas)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex FusedWord();

    /// <summary>A word, with what joins two sentences without a blank: <c>beach.A</c> is one.</summary>
    [GeneratedRegex(@"\G[\p{L}\p{M}-[\u20D0-\u20FF\uFE00-\uFE2F]][\p{L}\p{M}\p{Nd}-[\u20D0-\u20FF\uFE00-\uFE2F]]*(?:[.!?]\p{L}[\p{L}\p{M}\p{Nd}-[\u20D0-\u20FF\uFE00-\uFE2F]]*)*")]
    private static partial Regex PlainWord();

    /// <summary>The same before <c>'s</c> and the like.</summary>
    [GeneratedRegex(@"\G[\p{L}\p{M}-[\u20D0-\u20FF\uFE00-\uFE2F]][\p{L}\p{M}\p{Nd}-[\u20D0-\u20FF\uFE00-\uFE2F]]*(?:[.!?]\p{L}[\p{L}\p{M}\p{Nd}-[\u20D0-\u20FF\uFE00-\uFE2F]]*)*(?=(?<ahead>['’\u0092](?:[msd]|re|ve|ll)))", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex WordBeforeClitic();

    /// <summary>What stands before <c>n't</c>; it never ends in an n.</summary>
    [GeneratedRegex(@"\G[A-Za-z]{0,200}[A-MO-Za-mo-z](?=[nN]['’\u0092`‘‛\u0091][tT])")]
    private static partial Regex WordBeforeNot();

    [GeneratedRegex(@"\G[nN]['’\u0092`‘‛\u0091][tT]")]
    private static partial Regex Not();

    [GeneratedRegex(@"\G['’\u0092](?:[msd]|re|ve|ll)(?=[^a-z])", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex CliticAtEnd();

    /// <summary>Tokens whose curly apostrophe becomes a straight one; words that hold one keep it.</summary>
    [GeneratedRegex(@"^(?:[’\u0092](?:[msd]|re|ve|ll)|n[’\u0092‘‛\u0091]t)$", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex PlainClitic();

    /// <summary>A straight one before a letter opens a quotation.</summary>
    [GeneratedRegex(@"\G[’\u0092](?:[msd]|re|ve|ll)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex CurlyClitic();

    /// <summary>Words that hold an apostrophe: after a vowel (<c>ma'am</c>), after one capital (<c>O'Brien</c>), and some that are known.</summary>
    [GeneratedRegex(
        @"\G(?:\p{L}{1,200}[aeiouyAEIOUY]['’\u0092`‘‛\u0091][aeiouA-Z]\p{L}*|[A-HJ-XZn]['’\u0092`‘‛\u0091]\p{L}{2,}|['’\u0092][2-9]0[sS]|[lLdDjJ]['’\u0092]|[yY]['’\u0092](?=(?<ahead>\p{L}))"
        + @"|(?i:['’\u0092](?:n['’\u0092]?|em|till?|cause)|ol['’\u0092]|somethin['’\u0092]|dunkin['’\u0092]|o['’\u0092`‘]o|c'mon|s'mores|e'er|ev'ry|li'l|nat'l|nor'easter|cont'd\.?|cap['’\u0092]n|c['’\u0092]est))",
        RegexOptions.CultureInvariant)]
    private static partial Regex WordWithApostrophe();

    [GeneratedRegex(@"\G[-+]?(?:\p{Nd}*(?:[.:,]\p{Nd}+)+|\p{Nd}+)")]
    private static partial Regex NumberForm();

    [GeneratedRegex(@"\G(?:\p{Nd}{1,2}[-/]\p{Nd}{1,2}[-/]\p{Nd}{2,4}|(?:\p{Nd}{1,4}-)?\p{Nd}{1,4}[/⁄]\p{Nd}{1,4})")]
    private static partial Regex DateOrFraction();

    [GeneratedRegex(@"\G[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}(?:/[A-Za-z0-9]+(?:-[A-Za-z]+){0,2}){1,2}")]
    private static partial Regex Slashed();

    [GeneratedRegex(@"\G(?:[A-Z]*\$|#)")]
    private static partial Regex Currency();

    [GeneratedRegex(@"\G['’\u0092][0-9]{2}(?=\s)")]
    private static partial Regex ShortYear();

    /// <summary>A full stop right before a comma belongs to the word.</summary>
    [GeneratedRegex(@"\G(?:[\p{L}\p{M}\p{Nd}]+(?:[-_‐‑.!?][\p{L}\p{M}\p{Nd}]+)*)\.(?=[,;:])")]
    private static partial Regex BeforeComma();

    [GeneratedRegex(@"\G[A-Za-z0-9][A-Za-z0-9.,]{0,200}(?:-(?:[A-Za-z](?:\.[A-Za-z])+\.|[A-Za-z0-9]+))+")]
    private static partial Regex Hyphenated();

    /// <summary>Letters and digits, joined by hyphens or underscores; <c>o'clock</c>, <c>d'art</c>.</summary>
    [GeneratedRegex(@"\G(?:[dDoOlL]['’\u0092`‘‛\u0091][\p{L}\p{Nd}])?[\p{L}\p{Nd}]+(?:[-_‐‑](?:[dDoOlL]['’\u0092`‘‛\u0091][\p{L}\p{Nd}])?[\p{L}\p{Nd}]+)*")]
    private static partial Regex Joined();

    [GeneratedRegex(@"\G[A-Z]+(?:[+&][A-Z]+)+")]
    private static partial Regex CapitalsWithAmpersand();

    [GeneratedRegex(@"\G(?:c\+\+|[cf]#)", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex ProgrammingLanguage();

    /// <summary>Addresses of pages and mail, and names with @ and #.</summary>
    [GeneratedRegex(
        @"\G(?:https?://[^\s""<>|(){}]+[^\s""<>|(){}.,!?-]|www(?:\.[\w-]+)+(?:/[^\s""<>|()]+[^\s""<>|(){}.,!?-])?"
        + @"|[a-z0-9][^\s""<>|(){}@]{0,200}@[^\s""<>|(){}]*[^\s""<>|(){}.]|@[a-z_]\w*|#\p{L}+)",
        RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Address();

    [GeneratedRegex(@"\G<(?:/?[A-Za-z][A-Za-z0-9_:.-]*|[A-Za-z][A-Za-z0-9_:.-]*/|[!?][A-Za-z-][^>\s]{0,200})>")]
    private static partial Regex Tag();

    /// <summary>Runs of one mark that are a token.</summary>
    [GeneratedRegex(@"\G(?:[?!]+|@+|#+|_+|\*+)")]
    private static partial Regex Marks();
}
