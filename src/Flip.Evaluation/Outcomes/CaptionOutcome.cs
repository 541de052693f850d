using System.Globalization;
using Flip.Evaluation.Captioning;
using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>How the captions of images compare with what people wrote.</summary>
public sealed class CaptionOutcome : EvaluationOutcome
{
    private readonly IReadOnlyList<string> _captions;
    private readonly IReadOnlyList<IReadOnlyList<string>> _references;
    private readonly Lazy<CaptionScores> _moved;

    /// <param name="predictions">The images in their order.</param>
    /// <exception cref="ConfigException">There are no images, or two have one key.</exception>
    public CaptionOutcome(IReadOnlyList<CaptionPrediction> predictions)
    {
        CheckKeys(predictions);
        Predictions = predictions;
        _captions = [.. predictions.Select(image => CaptionTokenizer.Tokenize(image.Caption))];
        _references = [.. predictions.Select(image => (IReadOnlyList<string>)[.. image.References.Select(CaptionTokenizer.Tokenize)])];
        var frequencies = new DocumentFrequencies(_references);
        Scores = CaptionMetrics.Of(_captions, _references, frequencies);
        _moved = new(() => CaptionMetrics.Of([.. _captions.Skip(1), _captions[0]], _references, frequencies));
    }

    /// <summary>The images in their order.</summary>
    public IReadOnlyList<CaptionPrediction> Predictions { get; }

    /// <summary>What each caption reaches.</summary>
    public CaptionScores Scores { get; }

    /// <summary>What Java programs gave, by name: METEOR and SPICE; empty where none was run.</summary>
    public IReadOnlyDictionary<string, double> OfJars { get; private init; } = new Dictionary<string, double>();

    /// <inheritdoc/>
    public override IReadOnlyList<IPrediction> Images => Predictions;

    /// <summary>The same with METEOR and SPICE, as far as their programs are there.</summary>
    /// <inheritdoc cref="CocoJars.Spice" path="/exception"/>
    public CaptionOutcome With(CocoJars jars, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(jars);
        var values = new OrderedDictionary<string, double>();
        if (jars.HasMeteor)
        {
            values["METEOR"] = jars.Meteor(_captions, _references, cancellation).Value;
        }

        if (jars.HasSpice)
        {
            values["SPICE"] = jars.Spice(_captions, _references, cancellation).Value;
        }

        return new CaptionOutcome(Predictions) { OfJars = values };
    }

    /// <inheritdoc/>
    public override Statistic Statistic(Metric metric) => metric == Metric.CiderD
        ? Scores.Statistic(CaptionMetric.CiderD)
        : throw new ConfigException($"{metric.Title()} is no metric of captions.");

    /// <summary>What the same captions reach with each of them at the next image: what can be had without looking.</summary>
    public override double Chance(Metric metric) => metric == Metric.CiderD
        ? _moved.Value.Value(CaptionMetric.CiderD)
        : throw new ConfigException($"{metric.Title()} is no metric of captions.");

    /// <inheritdoc cref="Chance"/>
    public override IReadOnlyDictionary<string, double> Chances() => _moved.Value.Values();

    /// <summary><c>BLEU-1</c> to <c>BLEU-4</c>, <c>ROUGE-L</c>, <c>CIDEr-D</c> and <c>CIDEr</c>, and <see cref="OfJars"/>.</summary>
    public override IReadOnlyDictionary<string, double> Measures() => new OrderedDictionary<string, double>(Scores.Values().Concat(OfJars));

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes(Metric metric) =>
    [
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Predictions.Count} images, {Predictions.Sum(image => image.References.Length)} references; {Predictions.Select(image => image.Caption).Distinct().Count()} different captions."),
    ];
}
