namespace Flip.Evaluation.Captioning;

/// <summary>
/// CIDEr and CIDEr-D of a caption (Vedantam et al., "CIDEr: Consensus-based Image Description Evaluation", 2015): the cosine of two captions' words in a row,
/// each weighted by how rare it is among images, mean over one to four words and over the references, times 10. CIDEr-D clips what the caption has more often
/// than the reference, and multiplies with a Gaussian of the difference in length, which is counted in pairs of words.
/// </summary>
/// <param name="frequencies">How rare words are.</param>
internal sealed class CiderScorer(DocumentFrequencies frequencies)
{
    private const double Sigma = 6;
    private const double Scale = 10;

    private readonly double _logImages = Math.Log(frequencies.Images);

    /// <summary>Both values.</summary>
    /// <param name="candidate">The tokenised caption.</param>
    /// <param name="references">What it is compared with, at least one.</param>
    public (double CiderD, double Cider) Score(string candidate, IReadOnlyList<string> references)
    {
        var words = frequencies.NewWords();
        var own = new Weighted(words.Of(candidate), this);
        var (clipped, plain) = (0.0, 0.0);
        foreach (var reference in references)
        {
            var other = new Weighted(words.Of(reference), this);
            var difference = own.Pairs - other.Pairs;
            clipped += own.Cosine(other, isClipped: true) * Math.Exp(-difference * difference / (2 * Sigma * Sigma));
            plain += own.Cosine(other, isClipped: false);
        }

        return (Scale * clipped / references.Count, Scale * plain / references.Count);
    }

    private double Rarity(Ngram ngram) => _logImages - Math.Log(Math.Max(1, frequencies.Of(ngram)));

    /// <summary>A caption's words in a row with their weights.</summary>
    private sealed class Weighted
    {
        private readonly Dictionary<Ngram, double> _weights = [];
        private readonly double[] _norms = new double[Ngram.MaxWords];

        public Weighted(int[] words, CiderScorer scorer)
        {
            foreach (var (ngram, count) in Ngram.Count(words))
            {
                var weight = count * scorer.Rarity(ngram);
                _weights.Add(ngram, weight);
                _norms[ngram.Words - 1] += weight * weight;
            }

            for (var length = 0; length < _norms.Length; length++)
            {
                _norms[length] = Math.Sqrt(_norms[length]);
            }

            Pairs = Math.Max(0, words.Length - 1);
        }

        /// <summary>How many pairs of words the caption has.</summary>
        public double Pairs { get; }

        /// <summary>Mean over one to four words.</summary>
        public double Cosine(Weighted reference, bool isClipped)
        {
            var products = new double[Ngram.MaxWords];
            foreach (var (ngram, weight) in _weights)
            {
                if (reference._weights.TryGetValue(ngram, out var other))
                {
                    products[ngram.Words - 1] += (isClipped ? Math.Min(weight, other) : weight) * other;
                }
            }

            var sum = 0.0;
            for (var length = 0; length < products.Length; length++)
            {
                var norm = _norms[length] * reference._norms[length];
                sum += norm == 0 ? 0 : products[length] / norm;
            }

            return sum / Ngram.MaxWords;
        }
    }
}
