using System.Text.RegularExpressions;

namespace Flip.Evaluation.Captioning;

/// <summary>Tokens that are no words: quotes, brackets, dashes, signs. Their token may be another text than was written.</summary>
internal static partial class SymbolForms
{
    private static readonly Dictionary<string, string> Entities = new()
    {
        ["amp"] = "&",
        ["lt"] = "<",
        ["gt"] = ">",
        ["quot"] = "''",
        ["apos"] = "'",
        ["nbsp"] = " ",
    };

    private static readonly Dictionary<char, string> Signs = new()
    {
        ['('] = "-LRB-",
        [')'] = "-RRB-",
        ['['] = "-LSB-",
        [']'] = "-RSB-",
        ['{'] = "-LCB-",
        ['}'] = "-RCB-",
        ['"'] = "''",
        ['£'] = "#",
        ['€'] = "$",
        ['¤'] = "$",
        ['₠'] = "$",
        ['¢'] = "cents",
        ['¼'] = "1/4",
        ['½'] = "1/2",
        ['¾'] = "3/4",
        ['⅓'] = "1/3",
        ['⅔'] = "2/3",
        ['…'] = "...",
        ['\u0085'] = "...",
        ['–'] = "--",
        ['—'] = "--",
        ['―'] = "--",
        ['\u0096'] = "--",
        ['\u0097'] = "--",
    };

    /// <summary>Signs beyond ASCII that are tokens, in pairs of first and last; what is in none of them is deleted.</summary>
    private const string Kept =
        "¡¡¥©¬¬®²´º¿¿××÷÷‖‗†‣‰‸※※‾⁂⁄⁄⁰⁰⁴₎℀⅏⅕⅞←⯿。。、、〒〒・・！／：＠［｀｛･￠￡￥￦";

    /// <summary>The sign at a place, with how far it reads and how long it is; null for none.</summary>
    public static (int Reach, int Length, string? Token)? At(string text, int at)
    {
        var one = text[at];
        if (one == '&' && Entity().Match(text, at) is { Success: true } entity)
        {
            var token = Entities[entity.Groups[1].Value.ToLowerInvariant()];
            return (entity.Length, entity.Length, token == " " ? null : token);
        }

        if (Smiley().Match(text, at) is { Success: true } smiley)
        {
            return (smiley.Length + 1, smiley.Length, smiley.Value.Replace("(", Signs['('], StringComparison.Ordinal).Replace(")", Signs[')'], StringComparison.Ordinal));
        }

        if (OpeningQuote().IsMatch(text, at))
        {
            return (3, 1, "`");
        }

        if (Quotes().Match(text, at) is { Success: true } quotes)
        {
            return (quotes.Length, quotes.Length, WithPlainQuotes(quotes.Value));
        }

        if (Run().Match(text, at) is { Success: true } run)
        {
            return (run.Length, run.Length, one == '.' ? "..." : run.Length is 3 or 4 ? "--" : run.Value);
        }

        return Signs.TryGetValue(one, out var sign) ? (1, 1, sign)
            : char.IsAscii(one) && !char.IsControl(one) || IsKept(one) ? (1, 1, one.ToString())
            : null;
    }

    /// <summary>Curly quotes as the Treebank writes them; the low ones stay.</summary>
    public static string WithPlainQuotes(string token) => string.Concat(token.Select(one => one switch
    {
        '‘' or '‛' or '‹' or '\u0091' => "`",
        '’' or '›' or '\u0092' => "'",
        '“' or '«' or '\u0093' => "``",
        '”' or '»' or '\u0094' => "''",
        _ => one.ToString(),
    }));

    private static bool IsKept(char one)
    {
        for (var range = 0; range < Kept.Length; range += 2)
        {
            if (one >= Kept[range] && one <= Kept[range + 1])
            {
                return true;
            }
        }

        return false;
    }

    [GeneratedRegex("\\G&(amp|lt|gt|quot|apos|nbsp);", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex Entity();

    [GeneratedRegex(@"\G[<>]?[:;=][-o*']?[()DPdpO\\{@|\[\]](?=[^A-Za-z0-9])")]
    private static partial Regex Smiley();

    /// <summary>With the two characters that it looks at.</summary>
    [GeneratedRegex(@"\G'(?=[A-Za-z]\S)")]
    private static partial Regex OpeningQuote();

    /// <summary>One or two quotes that are not straight double ones.</summary>
    [GeneratedRegex(@"\G(?:''|[`‘’‚‛“”„‟\u0091-\u0094‹›«»]{1,2}|')")]
    private static partial Regex Quotes();

    /// <summary>Dots and hyphens.</summary>
    [GeneratedRegex(@"\G(?:\.{3,5}|-+|<<|>>)")]
    private static partial Regex Run();
}
