namespace Flip.Evaluation.Captioning;

/// <summary>
/// What BLEU is computed from (Papineni et al., "BLEU: a Method for Automatic Evaluation of Machine Translation", 2002). Counts of several captions are added
/// before the ratios are taken; the mean of captions' BLEU is another number.
/// </summary>
/// <param name="Words">Length of the caption.</param>
/// <param name="ReferenceWords">Length of the reference that is closest to it, of equals the shorter.</param>
/// <param name="Matches">For one to four words in a row, how many of the caption's are in a reference, each at most as often as in the reference that has it most.</param>
/// <param name="Ngrams">How many the caption has.</param>
public sealed record BleuCounts(int Words, int ReferenceWords, IReadOnlyList<int> Matches, IReadOnlyList<int> Ngrams)
{
    // coco-caption's, which keep a caption without matches from being 0 or undefined.
    private const double Tiny = 1e-15;
    private const double Small = 1e-9;

    /// <summary>Counts of a caption.</summary>
    /// <param name="candidate">The tokenised caption, words separated by blanks.</param>
    /// <param name="references">What it is compared with, at least one.</param>
    public static BleuCounts Of(string candidate, IReadOnlyList<string> references)
    {
        ArgumentNullException.ThrowIfNull(candidate);
        ArgumentNullException.ThrowIfNull(references);
        var words = new WordNumbers();
        var own = words.Of(candidate);
        var most = new Dictionary<Ngram, int>();
        var closest = -1;
        foreach (var other in references.Select(words.Of))
        {
            foreach (var (ngram, count) in Ngram.Count(other))
            {
                most[ngram] = Math.Max(count, most.GetValueOrDefault(ngram));
            }

            var (distance, before) = (Math.Abs(other.Length - own.Length), Math.Abs(closest - own.Length));
            closest = closest < 0 || distance < before || (distance == before && other.Length < closest) ? other.Length : closest;
        }

        var matches = new int[Ngram.MaxWords];
        foreach (var (ngram, count) in Ngram.Count(own))
        {
            matches[ngram.Words - 1] += Math.Min(count, most.GetValueOrDefault(ngram));
        }

        return new(own.Length, Math.Max(0, closest), matches, [.. Enumerable.Range(0, Ngram.MaxWords).Select(fewer => Math.Max(0, own.Length - fewer))]);
    }

    /// <summary>BLEU of one caption, with words in a row up to a length.</summary>
    /// <param name="order">1 to 4.</param>
    public double Score(int order) => Score(Words, ReferenceWords, [.. Matches.Select(count => (long)count)], [.. Ngrams.Select(count => (long)count)], order);

    /// <summary>BLEU of counts that were added.</summary>
    internal static double Score(long words, long referenceWords, ReadOnlySpan<long> matches, ReadOnlySpan<long> ngrams, int order)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(order, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(order, Ngram.MaxWords);
        var product = 1.0;
        for (var length = 0; length < order; length++)
        {
            product *= (matches[length] + Tiny) / (ngrams[length] + Small);
        }

        var ratio = (words + Tiny) / (referenceWords + Small);
        return Math.Pow(product, 1.0 / order) * (ratio < 1 ? Math.Exp(1 - (1 / ratio)) : 1);
    }
}
