using Flip.Collectives;
using Flip.Data;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Retrieval;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Evaluation.DataSets;

/// <summary>
/// Measures a model on data sets without training (paper, sections 4.2 and 4.3): images are embedded once, then compared with classifiers made of
/// words, or with captions. Ranks share what is encoded; rank 0 compares.
/// </summary>
/// <param name="embedImages">The normalised embeddings of a source's images; null on other ranks than the first.</param>
/// <param name="encoder">Embeds the texts.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="batchSize">Texts encoded at a time.</param>
/// <param name="classifiers">Where classifiers are kept; null for nowhere.</param>
/// <param name="ranks">Who shares the work; null for this process alone.</param>
public sealed class DataSetEvaluator(
    Func<IImageSource, FeatureSet?> embedImages,
    IDualEncoder encoder,
    ITokenizer tokenizer,
    int batchSize = 64,
    ClassifierCache? classifiers = null,
    ICommunicator? ranks = null)
{
    private const int ScoresAtOnce = 1 << 22; // 16 MB

    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;

    /// <summary>What the model makes of each image.</summary>
    /// <param name="data">The data set.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>Null on other ranks than the first.</returns>
    /// <exception cref="Flip.Data.EvaluationDataException">An image cannot be used.</exception>
    /// <exception cref="ArithmeticException">An embedding is not finite.</exception>
    public EvaluationOutcome? Measure(EvaluationData data, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        return Measure(data, embedImages(data.Images), cancellation);
    }

    /// <summary>The same with its figures, as reports have them.</summary>
    /// <inheritdoc cref="Measure(EvaluationData, CancellationToken)"/>
    /// <param name="data">The data set.</param>
    /// <param name="samples">Replicates of the bootstrap.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public EvaluatedSet? Evaluate(EvaluationData data, int samples = Bootstrap.DefaultSamples, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var features = embedImages(data.Images);
        var outcome = Measure(data, features, cancellation);
        return FirstRank.Keep(_ranks, () => Describe(data, features!, outcome!, samples, cancellation));
    }

    private EvaluatedSet Describe(EvaluationData data, FeatureSet features, EvaluationOutcome outcome, int samples, CancellationToken cancellation)
    {
        var (set, measures) = (data.Set, outcome.Measures());
        var result = EvaluationResult.Of(
            set.Name,
            set.Metric,
            outcome,
            Fingerprint(data, features),
            features.Missing.Count,
            [.. set.Results.Where(reference => reference.Measure is null || measures.ContainsKey(reference.Measure))],
            new Dictionary<string, string> { ["prompts"] = data.PromptsDescription },
            samples,
            cancellation);
        string?[] notes = [set.Notes, set.DifferenceFromPublished(data.Images.Count), data.Prompts?.NoteOfRepeated(tokenizer, encoder.TextLength, LabelsOf(data.Labelled!, features))];
        return new EvaluatedSet(result with { Notes = [.. result.Notes, .. notes.OfType<string>().Where(note => note.Length > 0)] }, outcome, data.Images);
    }

    private EvaluationOutcome? Measure(EvaluationData data, FeatureSet? features, CancellationToken cancellation) => data.Labelled is { } labelled
        ? Classify(data.Set, labelled, data.Prompts!, features, cancellation)
        : Retrieve(data.Captioned!, features, cancellation);

    /// <summary>Zero-shot classification.</summary>
    private ClassificationOutcome? Classify(
        DataSetDescription set, LabelledImages data, ClassPrompts prompts, FeatureSet? features, CancellationToken cancellation)
    {
        ZeroShotClassifier Make() => ZeroShotClassifier.Build(encoder, tokenizer, prompts, batchSize, _ranks, cancellation);
        var classifier = classifiers is null ? Make() : classifiers.Read(prompts, Make);
        return FirstRank.Keep(_ranks, () => Classify(set, data, classifier!, features!, cancellation));
    }

    private static ClassificationOutcome Classify(
        DataSetDescription set, LabelledImages data, ZeroShotClassifier classifier, FeatureSet features, CancellationToken cancellation)
    {
        var present = features.ImagesOf(data.Images);
        using var similarity = new Similarity(classifier.Weights, classifier.EmbedDim);

        // A set with several labels may have images with none.
        var ignored = set.Task == DataSetTask.MultiLabel ? data.Ignored ?? [.. data.Labels.Select(_ => Array.Empty<int>())] : null;
        var accumulator = new ClassificationAccumulator(data.ClassNames, set.Metric.NeedsScores());
        foreach (var rows in Enumerable.Range(0, present.Length).Chunk(Math.Max(1, ScoresAtOnce / data.ClassNames.Count)))
        {
            cancellation.ThrowIfCancellationRequested();
            var scores = similarity.Scores(features.Values[(rows[0] * features.Dim)..((rows[^1] + 1) * features.Dim)]);
            accumulator.Add([.. rows.Select(row => features.Keys[row])], [.. rows.Select(row => data.Labels[present[row]])], scores, Of(ignored, rows));
        }

        return accumulator.ToOutcome();

        List<int[]>? Of(IReadOnlyList<int[]>? ofImages, int[] rows) => ofImages is null ? null : [.. rows.Select(row => ofImages[present[row]])];
    }

    /// <summary>Retrieval among images and their captions, without a prompt.</summary>
    private RetrievalOutcome? Retrieve(CaptionedImages data, FeatureSet? features, CancellationToken cancellation)
    {
        var captions = FirstRank.Tell(_ranks, () => features!.ImagesOf(data.Images)).Select(image => data.Captions[image]).ToList();
        float[] texts =
        [
            .. Embeddings.OfTexts(encoder, tokenizer, captions.SelectMany(list => list), batchSize, _ranks, cancellation)
                .Where(_ => _ranks.Rank == 0) // the others keep none
                .SelectMany(batch => batch),
        ];
        return FirstRank.Keep(_ranks, () =>
        {
            int[] textToImage = [.. captions.SelectMany((list, image) => list.Select(_ => image))];
            cancellation.ThrowIfCancellationRequested();
            return RetrievalOutcome.Of(features!.Keys, textToImage, Recall.OfEmbeddings(features.Values, texts, features.Dim, textToImage));
        });
    }

    private static IEnumerable<int> LabelsOf(LabelledImages data, FeatureSet features) =>
        features.ImagesOf(data.Images).SelectMany(image => data.Labels[image]);

    private static List<IReadOnlyList<string>> CaptionsOf(CaptionedImages data, FeatureSet features) =>
        [.. features.ImagesOf(data.Images).Select(image => data.Captions[image])];

    /// <summary>Of the images, and of the captions where they are searched: other captions are other questions.</summary>
    private static string Fingerprint(EvaluationData data, FeatureSet features)
    {
        if (data.Captioned is not { } captioned)
        {
            return features.Source;
        }

        using var fingerprint = new Fingerprint();
        fingerprint.Add(features.Source);
        foreach (var text in CaptionsOf(captioned, features).SelectMany((list, image) => list.Prepend(features.Keys[image])))
        {
            fingerprint.Add(text);
        }

        return fingerprint.Take();
    }
}
