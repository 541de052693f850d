using System.Globalization;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Data.Loading;
using Flip.Data.Pairs;
using Flip.Data.Questions;
using Flip.Devices;
using Flip.Evaluation.Answering;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;
using Flip.Tasks.ImageTasks;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Tasks.Answering;

/// <summary>Composes the training of a model that answers questions: a model's towers, the head, questions about images, logs, and the run folder they fill.</summary>
/// <param name="run">The run's folder.</param>
/// <param name="view">Shows progress.</param>
/// <param name="allowOutside">Whether lists and links may name what lies outside their folder.</param>
public sealed class AnswerSession(RunFolder run, IProgressView view, bool allowOutside = false)
{
    private const int WordsOfQuestion = 10;

    private readonly TaskRun<AnswerConfig> _task = new(run, RecipeFiles.Answering, view);

    /// <summary>Starts a run. Whatever can be wrong is found before anything is written.</summary>
    /// <param name="inputs">Model and data.</param>
    /// <param name="config">The recipe.</param>
    /// <param name="cancellation">Stops the run after a checkpoint.</param>
    public AnswerResult Start(AnswerInputs inputs, AnswerConfig config, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(inputs);
        ArgumentNullException.ThrowIfNull(config);
        var compute = TaskRun<AnswerConfig>.ComputeOf(config);
        using var stored = _task.Open(inputs.Model, inputs.Settings);
        var (train, tests) = Open(inputs, config, cancellation);
        var tokenizer = stored.TokenizerFor(stored.Config.Data);
        var answers = Answers(inputs, config, train);
        var plan = AnswerTrainee.PlanOf(config, train.Questions.Count);
        view.Message(string.Create(
            CultureInfo.InvariantCulture,
            $"{plan.TotalSamples / plan.BatchSize:N0} steps of {plan.BatchSize}, learning rate {plan.LearningRate.Peak:0.##e-0}; of the towers {config.TowerLearningRate * config.BatchSize / 256:0.##e-0}."));
        using var held = run.LockToBegin(AnswerInputs.Command);
        using var loaded = New(stored, config, tokenizer, answers, compute) with { QuestionOnly = config.QuestionOnly, Majority = MajorityOf(train) };
        config = _task.Begin(inputs, config, Part(config, loaded.Answerer, compute), compute, folder => AnswererFolder.Save(folder, loaded));
        return Train(config, loaded, train, tests, null, inputs, cancellation);
    }

    /// <summary>Continues a run from its newest checkpoint, or from its start where it has none.</summary>
    /// <param name="cancellation">Stops the run after a checkpoint.</param>
    public AnswerResult Resume(CancellationToken cancellation)
    {
        using var held = run.Lock();
        var inputs = AnswerInputs.Load(run.Path);
        var (config, compute, checkpoint) = _task.Continue();
        using var start = AnswererFolder.Load(run.Start, compute, trains: true);
        config = _task.InParts(config, Part(config, start.Answerer, compute));
        var (train, tests) = Open(inputs, config, cancellation);
        return Train(config, start, train, tests, checkpoint, inputs, cancellation);
    }

    private (QuestionedImages Train, AnswerTests Tests) Open(AnswerInputs inputs, AnswerConfig config, CancellationToken cancellation)
    {
        var source = SourceProgress.Sources(view.Message, allowOutside: allowOutside);
        var train = QuestionedSources.Open(inputs.Train, new LayoutOptions { Split = SplitNames.Train, Source = source }, cancellation);
        var tests = AnswerTests.Open(inputs.Tests, config, view, allowOutside, cancellation);
        tests.WarnOfShared(train, cancellation);
        QuestionOnlyRun.Check(inputs.QuestionOnly);
        return (train, tests);
    }

    /// <summary>The answers that the model will be able to give.</summary>
    private AnswerVocabulary Answers(AnswerInputs inputs, AnswerConfig config, QuestionedImages train)
    {
        var answers = inputs.Answers is null
            ? AnswerVocabulary.Learn(train.Questions.Select(question => question.Answers), config.LeastAnswers)
            : AnswerVocabulary.Read(inputs.Answers);
        var without = new AnswerTargets(train.Questions, answers).Unanswerable;
        view.Message(string.Create(
            CultureInfo.InvariantCulture,
            $"{train.Questions.Count:N0} questions about {train.Images.Count:N0} images; {answers.Count:N0} answers{(without == 0 ? string.Empty : $", and {without:N0} questions to which none of them is right (leastAnswers={config.LeastAnswers})")}."));
        return answers;
    }

    private static string? MajorityOf(QuestionedImages train) =>
        train.Questions.Select(question => AnswerVocabulary.Majority(question.Answers)).CountBy(answer => answer).MaxBy(answer => answer.Value).Key;

    private static LoadedAnswerer New(StoredModel stored, AnswerConfig config, ITokenizer tokenizer, AnswerVocabulary answers, Compute compute)
    {
        var whole = ModelFolder.WithVocabulary(stored.Config, tokenizer);
        return new LoadedAnswerer(whole, tokenizer, answers, TaskRun<AnswerConfig>.OnTower(
            stored,
            QuestionAnswerer.Declare(whole.Model, config.Head, answers.Count),
            QuestionAnswerer.IsOfHead,
            compute,
            () => new QuestionAnswerer(whole.Model, config.Head, answers.Count, compute.Type, compute.Device, (ulong)config.Seed),
            answerer => answerer.LoadTower(stored.Weights, stored.Names)));
    }

    /// <summary>Questions that are computed at a time, by the memory: of each token in each block of text tower and head eight widths, the MLP's twice, and attention.</summary>
    private static int Part(AnswerConfig config, QuestionAnswerer answerer, Compute compute)
    {
        var (image, text, head) = (answerer.Config.Image, answerer.Config.Text, answerer.Head);
        double all = image.PatchCount() + image.ClassTokens() + text.Length + 1;
        var besides = sizeof(float) * ((head.Depth * all * ((16.0 * head.Width) + (head.Heads * all)))
            + (text.Depth * text.Length * (((8 + (2 * text.MlpRatio)) * text.Width) + ((double)text.Heads * text.Length)))
            + (4.0 * answerer.Answers));
        return BatchReading.PartOfImages(image, config, answerer.Parameters.Count, compute, 0, besides);
    }

    private AnswerResult Train(
        AnswerConfig config, LoadedAnswerer loaded, QuestionedImages train, AnswerTests tests, string? checkpoint, AnswerInputs inputs, CancellationToken cancellation)
    {
        var observer = new RunObserver("vqa", view, config.Workers);
        var compute = new Compute(loaded.Answerer.Parameters.Device, loaded.Answerer.Parameters.ComputeType);
        var targets = new AnswerTargets(train.Questions, loaded.Answers);
        var questionOnly = QuestionOnlyRun.Answer(inputs.QuestionOnly, tests, compute, cancellation);
        IReadOnlyList<AnsweredSet> answered = [];
        using var tokens = config.TowerLearningRate > 0 || config.QuestionOnly ? null : Tokens(config, loaded, train, compute, cancellation);
        var seen = tokens is null ? null : new SeenTokens(tokens, train.Questions);
        using var trainer = AnswerTrainee.Loop(
            loaded.Answerer,
            config,
            targets,
            position => Loader(config, loaded, train, seen, position),
            new CheckpointStore(run.Checkpoints, config.KeepCheckpoints),
            (_, token) => AnswerTests.Values(answered = tests.Answer(loaded, questionOnly, token)),
            observer,
            checkpoint,
            ranks: null,
            seen);
        SayExpectedTime(loaded.Answerer, config, targets, seen, trainer);
        _task.Train(trainer, observer, cancellation);
        File.Delete(run.TowerTokens);
        using var averaged = trainer.Ema?.Applied();
        AnswererFolder.Save(run.Model, loaded);
        if (config.TowerLearningRate > 0)
        {
            TrainedTower.Save(run, inputs.Model, inputs.Settings, loaded.Answerer.Parameters, view.Message);
        }

        tests.Save(run.Evaluation, inputs.Model, loaded, answered, inputs.QuestionOnly, cancellation);
        return new AnswerResult(trainer.State, AnswerTests.Scores(answered));
    }

    /// <summary>What the image tower makes of the training images, seen as in evaluations.</summary>
    private TowerTokens Tokens(AnswerConfig config, LoadedAnswerer loaded, QuestionedImages train, Compute compute, CancellationToken cancellation)
    {
        var image = loaded.Config.Model.Image;
        return TowerTokens.Open(
            run.TowerTokens,
            train.Images,
            EvaluationTransform.Of(loaded.Config),
            loaded.Answerer.ImageTokens,
            compute,
            (image.PatchCount() + image.ClassTokens(), image.Width),
            ModelMemory.EncodingBatch(loaded.Config.Model, compute, config.EvalBatchSize),
            config.Workers,
            view,
            cancellation);
    }

    /// <summary>The loader at a position, of whole images cropped by the recipe; of questions alone where the image tower's tokens are known, or nothing is seen.</summary>
    private static BatchLoader Loader(AnswerConfig config, LoadedAnswerer loaded, QuestionedImages train, SeenTokens? seen, long position)
    {
        IImageTransform transform = config.QuestionOnly ? new UnseenImages()
            : seen is not null ? new NoPixels(seen.Tokens, question => seen.Questions[(int)question].Image)
            : ImageTaskLoading.Crops(config, loaded.Config);
        return new BatchLoader(
            QuestionPairs.Of("questions", train), loaded.Tokenizer, transform, ImageTaskLoading.Options(config, position) with { TextLength = loaded.Config.Model.Text.Length });
    }

    private void SayExpectedTime(QuestionAnswerer answerer, AnswerConfig config, AnswerTargets targets, SeenTokens? seen, TrainingLoop trainer)
    {
        var count = Math.Min(ExpectedTime.Samples, config.MicroBatch > 0 ? config.MicroBatch : config.BatchSize);
        var (size, length) = (answerer.Config.Image.ImageSize, answerer.Config.Text.Length);
        var lengths = Enumerable.Repeat(Math.Min(length, WordsOfQuestion), count).ToArray();
        var batch = new Batch(size, length, new byte[count * size * size * 3], new int[count * length], lengths, new long[count], new int[count]);
        var step = new AnswerStep(answerer, config, targets) { Seen = seen };
        ExpectedTime.Say(view, trainer.Plan.TotalSamples - trainer.State.Samples, count, 1, () => step.ComputeGradient(batch));
    }
}
