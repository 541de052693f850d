using System.Globalization;
using Flip.Config;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Reports;
using Flip.Models;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Evaluation.ZeroShot;

/// <summary>
/// Zero-shot classification of labelled images. Yields <c>zeroShot/top1</c>, <c>top5</c>, <c>meanPerClass</c>, <c>chance</c>
/// (of top-1) and <c>chanceTop5</c>.
/// </summary>
public sealed class ZeroShotEvaluator : IEvaluator
{
    private readonly IEnumerable<(ReadOnlyMemory<byte> Pixels, int Count)> _images;
    private readonly IReadOnlyList<int> _labels;
    private readonly ClassPrompts _prompts;
    private readonly ITokenizer _tokenizer;
    private readonly int _batchSize;

    /// <summary>An evaluation that can be repeated.</summary>
    /// <param name="images">Batches of RGB pixels, <c>[Count, S, S, 3]</c>, enumerated anew for every evaluation.</param>
    /// <param name="labels">Class of each image, in the images' order.</param>
    /// <param name="prompts">The texts of each class.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="batchSize">Texts encoded at a time.</param>
    /// <param name="name">First part of the numbers' names.</param>
    /// <exception cref="ConfigException">There are no images, or a label names no class.</exception>
    public ZeroShotEvaluator(
        IEnumerable<(ReadOnlyMemory<byte> Pixels, int Count)> images,
        IReadOnlyList<int> labels,
        ClassPrompts prompts,
        ITokenizer tokenizer,
        int batchSize = 64,
        string name = "zeroShot")
    {
        ArgumentNullException.ThrowIfNull(labels);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentNullException.ThrowIfNull(prompts);
        if (labels.Count == 0)
        {
            throw new ConfigException("There are no labelled images to classify.");
        }

        var bad = labels.Index().FirstOrDefault(label => label.Item < 0 || label.Item >= prompts.ClassNames.Count, (Index: -1, Item: 0));
        if (bad.Index >= 0)
        {
            throw new ConfigException(
                $"Image {bad.Index} has the label {bad.Item}, but there are {prompts.ClassNames.Count} class names: 0 to {prompts.ClassNames.Count - 1}.");
        }

        (_images, _labels, _prompts) = (images, labels, prompts);
        (_tokenizer, _batchSize, Name) = (tokenizer, batchSize, name);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <summary>What a reader should know beside the numbers: of classes that the model's words cannot tell apart.</summary>
    /// <param name="length">Tokens of the model's texts.</param>
    public IReadOnlyList<string> Notes(int length) => _prompts.NoteOfRepeated(_tokenizer, length, _labels) is { } note ? [note] : [];

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Evaluate(IDualEncoder model, CancellationToken cancellation = default) =>
        Scores(Classify(model, cancellation));

    /// <summary>The numbers of <see cref="Evaluate"/>, from a classification that is at hand.</summary>
    public IReadOnlyDictionary<string, double> Scores(ClassificationOutcome result)
    {
        ArgumentNullException.ThrowIfNull(result);
        return new Dictionary<string, double>
        {
            [$"{Name}/top1"] = result.Statistic(Metric.Top1).Value(),
            [$"{Name}/top5"] = result.Statistic(Metric.Top5).Value(),
            [$"{Name}/meanPerClass"] = result.Statistic(Metric.MeanPerClass).Value(),
            [$"{Name}/chance"] = result.Chance(Metric.Top1),
            [$"{Name}/chanceTop5"] = result.Chance(Metric.Top5),
        };
    }

    /// <summary>Classifies every image; its key is its number.</summary>
    /// <exception cref="InvalidDataException">There are not as many images as labels.</exception>
    public ClassificationOutcome Classify(IDualEncoder model, CancellationToken cancellation = default)
    {
        var classifier = ZeroShotClassifier.Build(model, _tokenizer, _prompts, _batchSize, cancellation);
        using var similarity = new Similarity(classifier.Weights, classifier.EmbedDim);
        var (gathered, done) = (new ClassificationAccumulator(_prompts.ClassNames), 0);
        foreach (var embeddings in Embeddings.OfImages(model, _images, cancellation))
        {
            var rows = Enumerable.Range(done, embeddings.Length / classifier.EmbedDim).ToList();
            done += rows.Count;
            if (done > _labels.Count)
            {
                throw new InvalidDataException($"There are more images than the {_labels.Count} labels.");
            }

            gathered.Add(
                [.. rows.Select(row => row.ToString(CultureInfo.InvariantCulture))],
                [.. rows.Select(row => new[] { _labels[row] })],
                similarity.Scores(embeddings));
        }

        return done == _labels.Count
            ? gathered.ToOutcome()
            : throw new InvalidDataException($"There are {done} images for {_labels.Count} labels.");
    }
}
