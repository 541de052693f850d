namespace Flip.Evaluation.Captioning;

/// <summary>
/// ROUGE-L of a caption (Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004): the longest common subsequence with each reference. Precision and
/// recall are the best over the references, each by itself, as coco-caption takes them.
/// </summary>
internal static class RougeL
{
    private const double Beta = 1.2;

    /// <summary>The score; 0 for a caption without words.</summary>
    /// <param name="candidate">The tokenised caption.</param>
    /// <param name="references">What it is compared with, at least one.</param>
    public static double Score(string candidate, IReadOnlyList<string> references)
    {
        var words = new WordNumbers();
        var own = words.Of(candidate);
        var (precision, recall) = (0.0, 0.0);
        foreach (var other in references.Select(words.Of))
        {
            var common = LongestCommon(own, other);
            if (common > 0)
            {
                precision = Math.Max(precision, (double)common / own.Length);
                recall = Math.Max(recall, (double)common / other.Length);
            }
        }

        return precision == 0 ? 0 : (1 + (Beta * Beta)) * precision * recall / (recall + (Beta * Beta * precision));
    }

    private static int LongestCommon(int[] a, int[] b)
    {
        var lengths = new int[b.Length + 1]; // of the words of a so far with the first words of b
        foreach (var word in a)
        {
            var diagonal = 0;
            for (var at = 1; at <= b.Length; at++)
            {
                var above = lengths[at];
                lengths[at] = word == b[at - 1] ? diagonal + 1 : Math.Max(above, lengths[at - 1]);
                diagonal = above;
            }
        }

        return lengths[^1];
    }
}
