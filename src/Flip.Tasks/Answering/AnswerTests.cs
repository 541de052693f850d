using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Data.Questions;
using Flip.Devices;
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

namespace Flip.Tasks.Answering;

/// <summary>A test set of questions about images.</summary>
/// <param name="Source">The set as its user wrote it.</param>
/// <param name="Name">Its name in results.</param>
/// <param name="Data">Images and questions.</param>
public sealed record QuestionTest(string Source, string Name, QuestionedImages Data);

/// <summary>A test set with the answers that were given.</summary>
/// <param name="Test">The set.</param>
/// <param name="Outcome">The answers.</param>
public sealed record AnsweredSet(QuestionTest Test, AnswerOutcome Outcome);

/// <summary>The figures of answers on one test set.</summary>
/// <param name="Source">The set as its user wrote it.</param>
/// <param name="Name">Its name in results.</param>
/// <param name="Questions">Its questions.</param>
/// <param name="Chance">What the majority answer reaches.</param>
/// <param name="QuestionOnly">What the model that sees no image reaches; null where there is none.</param>
/// <param name="Sight">Whether it is better than that; null where there is none.</param>
/// <param name="Measures">Accuracies, overall and by kind.</param>
public sealed record AnswerScoresOfSet(
    string Source, string Name, int Questions, double Chance, double? QuestionOnly, string? Sight, IReadOnlyDictionary<string, double> Measures);

/// <summary>The test sets of a model that answers questions. Ranks share the images, and all get the answers.</summary>
/// <param name="sets">The sets.</param>
/// <param name="config">How many images at a time.</param>
/// <param name="view">Shows progress.</param>
/// <param name="ranks">Who shares the images; null for this process alone.</param>
public sealed class AnswerTests(IReadOnlyList<QuestionTest> sets, AnswerConfig config, IProgressView view, ICommunicator? ranks = null)
{
    private const string QuestionOnly = "question only";

    /// <summary>The sets.</summary>
    public IReadOnlyList<QuestionTest> Sets => sets;

    /// <summary>Opens images with questions: <c>PATH</c> or <c>NAME=PATH</c>, where a path is what <see cref="QuestionedSources"/> opens.</summary>
    /// <param name="sources">What a user wrote.</param>
    /// <param name="config">How many images at a time.</param>
    /// <param name="view">Shows progress.</param>
    /// <param name="allowOutside">Whether lists and links may name what lies outside their folder.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <param name="ranks">Who shares the images; null for this process alone.</param>
    /// <exception cref="ConfigException">There are no such data, or two have one name.</exception>
    public static AnswerTests Open(
        IReadOnlyList<string> sources, AnswerConfig config, IProgressView view, bool allowOutside, CancellationToken cancellation, ICommunicator? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(sources);
        ArgumentNullException.ThrowIfNull(view);
        var named = sources.Select(NamedSource.Of).ToList();
        if (named.GroupBy(one => one.Name, UnicodeName.Comparer).FirstOrDefault(group => group.Count() > 1) is { Key: var twice })
        {
            throw new ConfigException($"The data set '{twice}' is there twice; write NAME=PATH to give one another name.");
        }

        var options = new LayoutOptions { Source = SourceProgress.Sources(view.Message, allowOutside: allowOutside) };
        return new AnswerTests([.. named.Select((one, i) => new QuestionTest(sources[i], one.Name, QuestionedSources.Open(one.Path, options, cancellation)))], config, view, ranks);
    }

    /// <summary>Says of each set how many of its images are in the training data too.</summary>
    public void WarnOfShared(QuestionedImages train, CancellationToken cancellation)
    {
        foreach (var set in sets)
        {
            if (QuestionSplits.Shared(train, set.Data, cancellation) is { } shared)
            {
                view.Message($"Warning: {shared.Warning(set.Name)}");
            }
        }
    }

    /// <summary>Answers all questions of all sets.</summary>
    /// <param name="loaded">The model.</param>
    /// <param name="questionOnly">The baseline's answers to the same sets; null for none.</param>
    /// <param name="cancellation">Stops between two batches.</param>
    public IReadOnlyList<AnsweredSet> Answer(LoadedAnswerer loaded, IReadOnlyList<AnsweredSet>? questionOnly, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        var answerer = loaded.Answerer;
        var compute = new Compute(answerer.Parameters.Device, answerer.Parameters.ComputeType);
        var batchSize = ModelMemory.EncodingBatch(answerer.Config, compute, config.EvalBatchSize);
        var writer = new AnswerWriter(loaded);
        return [.. sets.Select((set, place) =>
        {
            var meter = new ItemMeter(view, "answer", "questions", set.Data.Questions.Count);
            IImageTransform transform = loaded.QuestionOnly ? new UnseenImages() : EvaluationTransform.Of(loaded.Config);
            var loader = new ImageLoader(set.Data.Images, transform, config.Workers);
            var given = writer.Answer(set.Data, loader, batchSize, meter.Report, ranks, cancellation);
            var keys = set.Data.Images.Keys().ToList();
            var outcome = new AnswerOutcome(
                [.. set.Data.Questions.Zip(given, (question, answers) => new AnswerPrediction(
                    question.Id, keys[question.Image], question.Question, [.. answers], [.. question.Answers], question.AnswerType))],
                loaded.Majority);
            return new AnsweredSet(set, questionOnly is null ? outcome : outcome.Beside(questionOnly[place].Outcome));
        })];
    }

    /// <summary>The figures of all sets.</summary>
    public static IReadOnlyList<AnswerScoresOfSet> Scores(IReadOnlyList<AnsweredSet> answered) => [.. answered.Select(set => new AnswerScoresOfSet(
        set.Test.Source,
        set.Test.Name,
        set.Outcome.Predictions.Count,
        set.Outcome.Chance(Metric.VqaAccuracy),
        set.Outcome.QuestionOnly?.Value(Metric.VqaAccuracy),
        set.Outcome.Sight,
        set.Outcome.Measures()))];

    /// <summary>As named numbers, for logs: <c>NAME/accuracy</c> and what chance reaches.</summary>
    public static IReadOnlyDictionary<string, double> Values(IReadOnlyList<AnsweredSet> answered) => answered
        .SelectMany(set => new[]
        {
            ($"{set.Test.Name}/{AnswerOutcome.Overall}", set.Outcome.Value(Metric.VqaAccuracy)),
            ($"{set.Test.Name}/chance {AnswerOutcome.Overall}", set.Outcome.Chance(Metric.VqaAccuracy)),
        })
        .ToDictionary();

    /// <summary>Writes the results that every evaluation has, with both baselines beside them, and for each set its answers in the server's format.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="name">The model, as its user named it.</param>
    /// <param name="loaded">The model.</param>
    /// <param name="answered">From <see cref="Answer"/>.</param>
    /// <param name="questionOnly">What the baseline that sees no image is, as its user named it; null where there is none.</param>
    /// <param name="cancellation">Stops the bootstrap.</param>
    public void Save(string folder, string name, LoadedAnswerer loaded, IReadOnlyList<AnsweredSet> answered, string? questionOnly, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(loaded);
        ArgumentNullException.ThrowIfNull(answered);
        if (answered.Count == 0)
        {
            return;
        }

        var hashes = SourceProgress.Hashes(CacheFolder.Default, view.Message);
        var evaluated = answered.Select(set => new EvaluatedSet(
            EvaluationResult.Of(
                set.Test.Name,
                Metric.VqaAccuracy,
                set.Outcome,
                set.Test.Data.Images.Fingerprint(hashes, cancellation),
                references: Baselines(set.Outcome, questionOnly),
                settings: new Dictionary<string, string> { ["test"] = set.Test.Source, ["images"] = loaded.QuestionOnly ? "the mean colour" : "seen" },
                cancellation: cancellation),
            set.Outcome,
            set.Test.Data.Images)).ToList();
        ResultsFolder.Write(folder, TaskHeader.Of(name, loaded.Answerer.Parameters, loaded.Config, loaded.QuestionOnly ? QuestionOnly : "question answering"), evaluated);
        foreach (var (set, file) in answered.Zip(ResultFileNames.Of([.. answered.Select(set => set.Test.Name)])))
        {
            AtomicFile.WriteText(Path.Combine(folder, file + AnswerResults.Extension), AnswerResults.Of(set.Outcome.Predictions.Select(question => (question.Key, question.Answer))));
        }
    }

    /// <summary>Both baselines as columns of the tables.</summary>
    private static List<ReferenceResult> Baselines(AnswerOutcome outcome, string? questionOnly) =>
    [
        .. Columns("majority answer", $"'{UnicodeName.Printable(outcome.Majority)}' to every question", outcome.Chance(Metric.VqaAccuracy), outcome.Chances()),
        .. outcome.QuestionOnly is { } blind
            ? Columns(QuestionOnly, questionOnly is null ? "a model that sees no image" : UnicodeName.Shown(questionOnly), blind.Value(Metric.VqaAccuracy), blind.Measures())
            : [],
    ];

    private static IEnumerable<ReferenceResult> Columns(string name, string source, double value, IReadOnlyDictionary<string, double> measures) =>
        measures.Select(measure => new ReferenceResult(name, measure.Value, source, measure.Key)).Prepend(new ReferenceResult(name, value, source));
}
