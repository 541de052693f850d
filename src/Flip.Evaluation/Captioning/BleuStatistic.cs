using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Captioning;

/// <summary>BLEU of a corpus: the counts of the captions that a replicate drew are added, then BLEU is taken of the sums.</summary>
/// <param name="captions">Counts of each image's caption.</param>
/// <param name="order">How many words in a row, 1 to 4.</param>
public sealed class BleuStatistic(IReadOnlyList<BleuCounts> captions, int order) : Statistic
{
    /// <inheritdoc/>
    public override int Images => captions.Count;

    /// <inheritdoc/>
    public override double Of(ReadOnlySpan<int> counts)
    {
        long words = 0, referenceWords = 0;
        Span<long> matches = stackalloc long[Ngram.MaxWords];
        Span<long> ngrams = stackalloc long[Ngram.MaxWords];
        matches.Clear();
        ngrams.Clear();
        for (var image = 0; image < captions.Count; image++)
        {
            var (caption, count) = (captions[image], counts[image]);
            words += (long)count * caption.Words;
            referenceWords += (long)count * caption.ReferenceWords;
            for (var length = 0; length < Ngram.MaxWords; length++)
            {
                matches[length] += (long)count * caption.Matches[length];
                ngrams[length] += (long)count * caption.Ngrams[length];
            }
        }

        return BleuCounts.Score(words, referenceWords, matches, ngrams, order);
    }
}
