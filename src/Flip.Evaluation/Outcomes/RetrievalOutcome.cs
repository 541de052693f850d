using System.Globalization;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Retrieval;

namespace Flip.Evaluation.Outcomes;

/// <summary>How images and texts found each other. Its unit is the image: a bootstrap draws an image with its texts, which are not independent.</summary>
public sealed class RetrievalOutcome : EvaluationOutcome
{
    private static readonly int[] Ks = [1, 5, 10];
    private readonly RetrievalResult _result;

    /// <param name="predictions">The images in their order.</param>
    /// <exception cref="ConfigException">There are no images, two have one key, or a rank is beyond the number of candidates.</exception>
    public RetrievalOutcome(IReadOnlyList<RetrievalPrediction> predictions)
    {
        CheckKeys(predictions);
        Predictions = predictions;
        var texts = predictions.Sum(image => image.TextRanks.Length);
        if (predictions.FirstOrDefault(image => image.Rank > texts || image.TextRanks.Any(rank => rank > predictions.Count)) is { } odd)
        {
            throw new ConfigException($"The image '{odd.Key}' has a rank beyond the {predictions.Count} images and {texts} texts.");
        }

        _result = new(
            new([.. predictions.Select(image => image.Rank)], [.. predictions.Select(image => image.TextRanks.Length)], texts),
            new([.. predictions.SelectMany(image => image.TextRanks)], [.. Enumerable.Repeat(1, texts)], predictions.Count));
    }

    /// <summary>The images in their order.</summary>
    public IReadOnlyList<RetrievalPrediction> Predictions { get; }

    /// <inheritdoc/>
    public override IReadOnlyList<IPrediction> Images => Predictions;

    private (string Name, RetrievalDirection Direction)[] Directions =>
        [("imageToText", _result.ImageToText), ("textToImage", _result.TextToImage)];

    /// <summary>The outcome of a retrieval.</summary>
    /// <param name="keys">Names of the images, in their order.</param>
    /// <param name="textToImage">Image of each text.</param>
    /// <param name="result">The ranks.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    /// <exception cref="ConfigException">Two images have one key.</exception>
    public static RetrievalOutcome Of(IReadOnlyList<string> keys, IReadOnlyList<int> textToImage, RetrievalResult result)
    {
        ArgumentNullException.ThrowIfNull(keys);
        ArgumentNullException.ThrowIfNull(textToImage);
        ArgumentNullException.ThrowIfNull(result);
        if (keys.Count != result.ImageToText.Ranks.Count || textToImage.Count != result.TextToImage.Ranks.Count)
        {
            throw new ArgumentException(
                $"{keys.Count} keys and {textToImage.Count} texts for ranks of {result.ImageToText.Ranks.Count} images "
                + $"and {result.TextToImage.Ranks.Count} texts.",
                nameof(keys));
        }

        var ranks = textToImage.Zip(result.TextToImage.Ranks).ToLookup(text => text.First, text => text.Second);
        return new([.. keys.Select((key, image) => new RetrievalPrediction(key, result.ImageToText.Ranks[image], [.. ranks[image]]))]);
    }

    /// <inheritdoc/>
    public override Statistic Statistic(Metric metric) => metric == Metric.Recall
        ? new MeanStatistic(
        [
            new ShareStatistic([.. Predictions.Select(image => image.Rank == 1 ? 1.0 : 0)]),
            new ShareStatistic(
                [.. Predictions.Select(image => (double)image.TextRanks.Count(rank => rank == 1))],
                [.. Predictions.Select(image => (double)image.TextRanks.Length)]),
        ])
        : throw new ConfigException($"{metric.Title()} is no metric of retrieval.");

    /// <inheritdoc/>
    public override double Chance(Metric metric) => metric == Metric.Recall
        ? Directions.Average(way => way.Direction.ChanceAt(1))
        : throw new ConfigException($"{metric.Title()} is no metric of retrieval.");

    /// <inheritdoc/>
    public override IReadOnlyDictionary<string, double> Chances() => OfEach((direction, k) => direction.ChanceAt(k));

    /// <summary><c>imageToText/R@1</c>, <c>R@5</c>, <c>R@10</c> and the same of <c>textToImage</c>.</summary>
    public override IReadOnlyDictionary<string, double> Measures() => OfEach((direction, k) => direction.RecallAt(k));

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes(Metric metric) =>
    [
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Predictions.Count} images, {_result.TextToImage.Ranks.Count} texts. "
            + $"Median rank: image to text {_result.ImageToText.MedianRank()}, text to image {_result.TextToImage.MedianRank()}."),
    ];

    private OrderedDictionary<string, double> OfEach(Func<RetrievalDirection, int, double> figure) =>
        new(Directions.SelectMany(way => Ks.Select(k => KeyValuePair.Create($"{way.Name}/R@{k}", figure(way.Direction, k)))));
}
