using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Captioning;

/// <summary>What the captions of a set of images reach, image by image and together.</summary>
/// <param name="captions">Each image's caption.</param>
public sealed class CaptionScores(IReadOnlyList<CaptionScore> captions)
{
    /// <summary>Each image's caption, in the order of the images.</summary>
    public IReadOnlyList<CaptionScore> Captions => captions;

    /// <summary>
    /// A metric as a function of how often each image counts, for intervals and paired differences (<see cref="Bootstrap"/>). BLEU is of the added counts, the
    /// others are means. The document frequencies of CIDEr stay those of the whole set.
    /// </summary>
    public Statistic Statistic(CaptionMetric metric) => CaptionScore.Order(metric) is > 0 and var order
        ? new BleuStatistic([.. captions.Select(caption => caption.Bleu)], order)
        : new ShareStatistic([.. captions.Select(caption => caption.Of(metric))]);

    /// <summary>The value of a metric over all images.</summary>
    public double Value(CaptionMetric metric) => Statistic(metric).Value();

    /// <summary>All metrics, by title, in the order of tables.</summary>
    public IReadOnlyDictionary<string, double> Values() =>
        new OrderedDictionary<string, double>(Enum.GetValues<CaptionMetric>().Select(metric => KeyValuePair.Create(metric.Title(), Value(metric))));
}
