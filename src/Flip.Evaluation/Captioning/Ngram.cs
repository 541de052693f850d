namespace Flip.Evaluation.Captioning;

/// <summary>One to four words in a row, as numbers of words; what is behind the last one is 0.</summary>
/// <param name="A">The first word.</param>
/// <param name="B">The second, or 0.</param>
/// <param name="C">The third, or 0.</param>
/// <param name="D">The fourth, or 0.</param>
internal readonly record struct Ngram(int A, int B, int C, int D)
{
    /// <summary>Words in a row that metrics count at most.</summary>
    public const int MaxWords = 4;

    /// <summary>How many words it has, from 1.</summary>
    public int Words => B == 0 ? 1 : C == 0 ? 2 : D == 0 ? 3 : MaxWords;

    /// <summary>All of a caption with how often each is in it, in the order in which they first appear.</summary>
    /// <param name="words">Numbers of the words, none 0.</param>
    public static Dictionary<Ngram, int> Count(ReadOnlySpan<int> words)
    {
        var counts = new Dictionary<Ngram, int>(MaxWords * words.Length);
        for (var first = 0; first < words.Length; first++)
        {
            var rest = words[first..];
            for (var length = 1; length <= Math.Min(MaxWords, rest.Length); length++)
            {
                var ngram = new Ngram(rest[0], length > 1 ? rest[1] : 0, length > 2 ? rest[2] : 0, length > 3 ? rest[3] : 0);
                counts[ngram] = counts.GetValueOrDefault(ngram) + 1;
            }
        }

        return counts;
    }
}
