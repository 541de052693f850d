using System.Buffers;
using System.Text.RegularExpressions;

namespace Flip.Evaluation.Answering;

/// <summary>
/// Answers as VQA's official script compares them, quirks included, since every published score depends on them: a mark that stands beside a blank anywhere
/// in the text is deleted, else replaced by a blank; a text with a comma between digits loses all marks; <c>none</c> and <c>zero</c> become <c>0</c>; the answer
/// <c>a</c> becomes empty; of more than 32 full stops the first 32 are deleted. What the script says of <c>Im</c> or <c>Id've</c> has no effect, as it lowers
/// the text first, and has none here.
/// </summary>
public static partial class AnswerNormalizer
{
    private const string Marks = ";/[]\"{}()=+\\_-><@`,?!";
    private const int MostFullStops = 32; // the script gives its regular expression's flag where the number of replacements belongs

    private static readonly SearchValues<char> Marked = SearchValues.Create(Marks + ".");

    private static readonly HashSet<string> Articles = ["a", "an", "the"];

    private static readonly Dictionary<string, string> Numbers = new()
    {
        ["none"] = "0",
        ["zero"] = "0",
        ["one"] = "1",
        ["two"] = "2",
        ["three"] = "3",
        ["four"] = "4",
        ["five"] = "5",
        ["six"] = "6",
        ["seven"] = "7",
        ["eight"] = "8",
        ["nine"] = "9",
        ["ten"] = "10",
    };

    /// <summary>The text without tabs, line breaks and blanks around it: what the script compares where all answers are the same.</summary>
    public static string Trimmed(string answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return answer.Replace('\n', ' ').Replace('\t', ' ').Trim(PythonBlanks);
    }

    /// <summary>The first stage: <see cref="Trimmed"/>, and marks deleted or replaced.</summary>
    public static string WithoutMarks(string answer)
    {
        var text = Trimmed(answer);
        if (!text.AsSpan().ContainsAny(Marked))
        {
            return text;
        }

        var hasDigitComma = CommaInNumber().IsMatch(text);
        var result = text;
        foreach (var mark in Marks)
        {
            var isBesideBlank = text.Contains($"{mark} ", StringComparison.Ordinal) || text.Contains($" {mark}", StringComparison.Ordinal);
            result = isBesideBlank || hasDigitComma ? result.Replace(mark.ToString(), string.Empty, StringComparison.Ordinal) : result.Replace(mark, ' ');
        }

        return FullStop().Replace(result, string.Empty, MostFullStops);
    }

    /// <summary>Both stages: <see cref="WithoutMarks"/>, then lower case, numbers as digits, no articles, apostrophes where they were left out.</summary>
    public static string Normalized(string answer) => string.Join(
        ' ',
        WithoutMarks(answer).ToLowerInvariant().Split(PythonBlanks, StringSplitOptions.RemoveEmptyEntries)
            .Select(word => Numbers.GetValueOrDefault(word, word))
            .Where(word => !Articles.Contains(word))
            .Select(AnswerContractions.Repaired));

    /// <summary>What Python takes for blanks: .NET's, and four separators of ASCII.</summary>
    private static char[] PythonBlanks { get; } =
        [.. Enumerable.Range(0, char.MaxValue + 1).Select(code => (char)code).Where(one => char.IsWhiteSpace(one) || one is >= '\u001C' and <= '\u001F')];

    [GeneratedRegex(@"\d,\d")]
    private static partial Regex CommaInNumber();

    [GeneratedRegex(@"\.(?!\d)")]
    private static partial Regex FullStop();
}
