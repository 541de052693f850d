namespace Flip.Evaluation.Answering;

/// <summary>
/// The contractions whose apostrophes VQA's script puts back: <c>dont</c> becomes <c>don't</c>. Of a word with several apostrophes every spelling that lacks
/// one of them is known, none that lacks two. <c>shes</c>, <c>lets</c> and <c>im</c> are not repaired, and <c>somebody'd</c> loses its apostrophe.
/// </summary>
internal static class AnswerContractions
{
    private const char Apostrophe = '\'';

    private static readonly string[] Right =
    [
        "ain't", "aren't", "can't", "couldn't", "didn't", "doesn't", "don't", "hadn't", "hasn't", "haven't", "isn't", "mightn't", "mustn't", "needn't",
        "oughtn't", "shan't", "shouldn't", "wasn't", "weren't", "won't", "wouldn't",
        "could've", "might've", "must've", "not've", "should've", "they've", "we've", "what've", "where've", "who've", "would've", "you've",
        "couldn't've", "hadn't've", "mightn't've", "shouldn't've", "wouldn't've",
        "he'd", "how'd", "it'd", "someone'd", "something'd", "there'd", "they'd", "where'd", "who'd", "you'd",
        "he'd've", "it'd've", "she'd've", "somebody'd've", "someone'd've", "something'd've", "there'd've", "they'd've", "we'd've", "who'd've", "y'all'd've", "you'd've",
        "he's", "how's", "somebody's", "someone's", "that's", "there's", "what's", "when's", "where's", "who's", "why's",
        "how'll", "it'll", "somebody'll", "someone'll", "something'll", "they'll", "what'll", "who'll", "why'll", "y'all'll", "you'll",
        "there're", "they're", "what're", "why're", "you're",
        "ma'am", "o'clock", "'ow's'at", "'twas", "y'all",
    ];

    private static readonly Dictionary<string, string> Repairs = Right
        .SelectMany(word => word.Index().Where(at => at.Item == Apostrophe).Select(at => (Wrong: word.Remove(at.Index, 1), Right: word)))
        .Append((Wrong: "somebody'd", Right: "somebodyd"))
        .ToDictionary(pair => pair.Wrong, pair => pair.Right);

    /// <summary>The word with its apostrophes, or the word itself.</summary>
    public static string Repaired(string word) => Repairs.GetValueOrDefault(word, word);
}
