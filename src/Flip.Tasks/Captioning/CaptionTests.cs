using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Flip.Io;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;
using Flip.Tasks.ImageTasks;

namespace Flip.Tasks.Captioning;

/// <summary>The figures of captions on one test set.</summary>
/// <param name="Source">The set as its user wrote it.</param>
/// <param name="Name">Its name in results.</param>
/// <param name="Images">Its images.</param>
/// <param name="Measures">BLEU-1 to 4, ROUGE-L, CIDEr-D and CIDEr.</param>
public sealed record CaptionScoresOfSet(string Source, string Name, int Images, IReadOnlyDictionary<string, double> Measures);

/// <summary>A test set with the captions that were written of its images.</summary>
/// <param name="Source">The set as its user wrote it.</param>
/// <param name="Set">Its description.</param>
/// <param name="Images">The images and what people wrote.</param>
/// <param name="Outcome">The captions.</param>
public sealed record CaptionedSet(string Source, DataSetDescription Set, CaptionedImages Images, CaptionOutcome Outcome);

/// <summary>The test sets of a captioner. Ranks share the images, and all get the captions.</summary>
/// <param name="sets">The sets.</param>
/// <param name="config">How captions are chosen, and how many images at a time.</param>
/// <param name="view">Shows progress.</param>
/// <param name="ranks">Who shares the images; null for this process alone.</param>
public sealed class CaptionTests(
    IReadOnlyList<(string Source, DataSetDescription Set, CaptionedImages Images)> sets, CaptionConfig config, IProgressView view, ICommunicator? ranks = null)
{
    private static readonly string[] Logged = ["CIDEr-D", "BLEU-4"];

    /// <summary>Opens captioned images as evaluations name them: <c>captions=PATH</c>, <c>NAME=captions=PATH</c>, <c>coco=PATH</c>.</summary>
    /// <param name="sources">What a user wrote.</param>
    /// <param name="config">How captions are chosen, and how many images at a time.</param>
    /// <param name="view">Shows progress.</param>
    /// <param name="allowOutside">Whether lists, descriptions and links may name what lies outside their folder.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <param name="ranks">Who shares the images; null for this process alone.</param>
    /// <exception cref="ConfigException">There are no such data.</exception>
    public static CaptionTests Open(
        IReadOnlyList<string> sources, CaptionConfig config, IProgressView view, bool allowOutside, CancellationToken cancellation, ICommunicator? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(view);
        var options = SourceProgress.Sources(view.Message, allowOutside: allowOutside);
        var written = WrittenDataSet.Of(sources, null, null, view.Message, allowOutside);
        return new CaptionTests(
            [.. written.Select((data, i) => (sources[i], data.Set, data.Set.OpenCaptioned(data.Source, options: options, cancellation: cancellation)))], config, view, ranks);
    }

    /// <summary>Writes captions of all images of all sets.</summary>
    public IReadOnlyList<CaptionedSet> Write(LoadedCaptioner loaded, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        var captioner = loaded.Captioner;
        var compute = new Compute(captioner.Parameters.Device, captioner.Parameters.ComputeType);
        var batchSize = ModelMemory.EncodingBatch(captioner.Config, compute, config.EvalBatchSize);
        var writer = new CaptionWriter(loaded, config.Decoding);
        return [.. sets.Select(set =>
        {
            var meter = new ItemMeter(view, "caption", "images", set.Images.Images.Count);
            var loader = new ImageLoader(set.Images.Images, EvaluationTransform.Of(loaded.Config), config.Workers);
            var captions = writer.Write(loader, batchSize, meter.Report, ranks, cancellation).Select(captions => captions[0].Text);
            return new CaptionedSet(set.Source, set.Set, set.Images, new CaptionOutcome(
                [.. set.Images.Images.Keys().Zip(captions, set.Images.Captions).Select(image => new CaptionPrediction(image.First, image.Second, [.. image.Third]))]));
        })];
    }

    /// <summary>The figures of all sets.</summary>
    public static IReadOnlyList<CaptionScoresOfSet> Scores(IReadOnlyList<CaptionedSet> written) =>
        [.. written.Select(set => new CaptionScoresOfSet(set.Source, set.Set.Name, set.Outcome.Predictions.Count, set.Outcome.Measures()))];

    /// <summary>As named numbers, for logs: <c>NAME/CIDEr-D</c>.</summary>
    public static IReadOnlyDictionary<string, double> Values(IReadOnlyList<CaptionedSet> written) => written
        .SelectMany(set => set.Outcome.Measures().Where(measure => Logged.Contains(measure.Key)).Select(measure => ($"{set.Set.Name}/{measure.Key}", measure.Value)))
        .ToDictionary();

    /// <summary>Writes the results that every evaluation has, and for each set its captions in COCO's format.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="name">The model, as its user named it.</param>
    /// <param name="loaded">The captioner.</param>
    /// <param name="written">From <see cref="Write"/>.</param>
    /// <param name="cancellation">Stops the bootstrap.</param>
    public void Save(string folder, string name, LoadedCaptioner loaded, IReadOnlyList<CaptionedSet> written, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        ArgumentNullException.ThrowIfNull(written);
        if (written.Count == 0)
        {
            return;
        }

        var hashes = SourceProgress.Hashes(CacheFolder.Default, view.Message);
        var evaluated = written.Select(set => new EvaluatedSet(
            EvaluationResult.Of(
                set.Set.Name,
                Metric.CiderD,
                set.Outcome,
                set.Images.Images.Fingerprint(hashes, cancellation),
                references: References(set),
                settings: new Dictionary<string, string> { ["test"] = set.Source, ["decoding"] = Described(config.Decoding) },
                cancellation: cancellation),
            set.Outcome,
            set.Images.Images)).ToList();
        ResultsFolder.Write(folder, TaskHeader.Of(name, loaded.Captioner.Parameters, loaded.Config, "captioner"), evaluated);
        foreach (var (set, file) in written.Zip(ResultFileNames.Of([.. written.Select(set => set.Set.Name)])))
        {
            AtomicFile.WriteText(Path.Combine(folder, file + CocoCaptionResults.Extension), CocoCaptionResults.Of(set.Outcome.Predictions.Select(image => (image.Key, image.Caption))));
        }
    }

    /// <summary>What publications have of these measures; of the metric itself it is the table's own column.</summary>
    private static List<ReferenceResult> References(CaptionedSet set)
    {
        var measures = set.Outcome.Measures();
        return [.. set.Set.Results
            .Where(result => result.Measure is not null && measures.ContainsKey(result.Measure))
            .Select(result => result.Measure == Metric.CiderD.Title() ? result with { Measure = null } : result)];
    }

    private static string Described(DecodingConfig decoding) => FormattableString.Invariant(
        $"{(decoding.Beams == 1 ? "greedy" : $"{decoding.Beams} beams")}, {decoding.MinLength} to {decoding.MaxLength} tokens, length penalty {decoding.LengthPenalty}, {(decoding.NoRepeatNgram == 0 ? "repetitions allowed" : $"no {decoding.NoRepeatNgram} tokens twice")}");
}
