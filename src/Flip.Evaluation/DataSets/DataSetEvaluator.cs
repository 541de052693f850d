using Flip.Data.Sources;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Reports;
using Flip.Evaluation.Retrieval;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Tokenizers;

namespace Flip.Evaluation.DataSets;

/// <summary>
/// Measures a model on data sets without training (paper, sections 4.2 and 4.3): images are embedded once, then compared with classifiers made of
/// words, or with captions.
/// </summary>
/// <param name="embedImages">The normalised embeddings of a source's images.</param>
/// <param name="encoder">Embeds the texts.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="batchSize">Texts encoded at a time.</param>
/// <param name="classifiers">Where classifiers are kept; null for nowhere.</param>
/// <param name="samples">Replicates of the bootstrap.</param>
public sealed class DataSetEvaluator(
    Func<IImageSource, FeatureSet> embedImages,
    IDualEncoder encoder,
    ITokenizer tokenizer,
    int batchSize = 64,
    ClassifierCache? classifiers = null,
    int samples = Bootstrap.DefaultSamples)
{
    private const int ScoresAtOnce = 1 << 22; // 16 MB

    /// <summary>Zero-shot classification.</summary>
    /// <param name="set">What is measured.</param>
    /// <param name="data">Its images.</param>
    /// <param name="prompts">The texts of each class, in the order of the labels.</param>
    /// <param name="settings">What else the numbers depend on, by name.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public EvaluatedSet Classify(
        DataSetDescription set,
        LabelledImages data,
        ClassPrompts prompts,
        IReadOnlyDictionary<string, string>? settings = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(prompts);
        var features = embedImages(data.Images);
        var present = features.ImagesOf(data.Images);
        ZeroShotClassifier Make() => ZeroShotClassifier.Build(encoder, tokenizer, prompts, batchSize, cancellation);
        var classifier = classifiers is null ? Make() : classifiers.Read(prompts, Make);
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

        var note = prompts.NoteOfRepeated(tokenizer, encoder.TextLength, present.SelectMany(image => data.Labels[image]));
        return Evaluated(set, accumulator.ToOutcome(), data.Images, features, features.Source, settings, note, cancellation);

        List<int[]>? Of(IReadOnlyList<int[]>? ofImages, int[] rows) => ofImages is null ? null : [.. rows.Select(row => ofImages[present[row]])];
    }

    /// <summary>Retrieval among images and their captions, without a prompt.</summary>
    /// <inheritdoc cref="Classify"/>
    public EvaluatedSet Retrieve(
        DataSetDescription set,
        CaptionedImages data,
        IReadOnlyDictionary<string, string>? settings = null,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(data);
        var features = embedImages(data.Images);
        var captions = features.ImagesOf(data.Images).Select(image => data.Captions[image]).ToList();
        float[] texts =
        [
            .. Embeddings.OfTexts(encoder, tokenizer, captions.SelectMany(list => list), batchSize, cancellation).SelectMany(batch => batch),
        ];
        int[] textToImage = [.. captions.SelectMany((list, image) => list.Select(_ => image))];
        cancellation.ThrowIfCancellationRequested();
        var result = Recall.OfEmbeddings(features.Values, texts, features.Dim, textToImage);

        // Other captions of the same images are other questions.
        using var fingerprint = new Fingerprint();
        fingerprint.Add(features.Source);
        foreach (var caption in captions.SelectMany((list, image) => list.Prepend(features.Keys[image])))
        {
            fingerprint.Add(caption);
        }

        var outcome = RetrievalOutcome.Of(features.Keys, textToImage, result);
        return Evaluated(set, outcome, data.Images, features, fingerprint.Take(), settings, note: null, cancellation);
    }

    private EvaluatedSet Evaluated(
        DataSetDescription set,
        EvaluationOutcome outcome,
        IImageSource images,
        FeatureSet features,
        string fingerprint,
        IReadOnlyDictionary<string, string>? settings,
        string? note,
        CancellationToken cancellation)
    {
        var measures = outcome.Measures();
        var references = set.Results.Where(reference => reference.Measure is null || measures.ContainsKey(reference.Measure)).ToList();
        var result = EvaluationResult.Of(
            set.Name, set.Metric, outcome, fingerprint, features.Missing.Count, references, settings, samples, cancellation);
        string[] notes = [set.Notes, set.DifferenceFromPublished(images.Count) ?? string.Empty, note ?? string.Empty];
        return new EvaluatedSet(result with { Notes = [.. result.Notes, .. notes.Where(note => note.Length > 0)] }, outcome, images);
    }
}
