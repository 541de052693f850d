using System.Globalization;
using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Evaluation.Classification;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;
using Flip.Tasks.ImageTasks;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Tasks.Finetuning;

/// <summary>Composes a fine-tuning: the model's tower, the head, labelled data, logs, and the run folder they fill.</summary>
/// <param name="run">The run's folder.</param>
/// <param name="view">Shows progress.</param>
/// <param name="allowOutside">Whether lists, descriptions and links may name what lies outside their folder.</param>
/// <param name="ranks">Who shares the fine-tuning, which rank 0 leads; null for this process alone.</param>
public sealed class FinetuneSession(RunFolder run, IProgressView view, bool allowOutside = false, ICommunicator? ranks = null)
{
    private readonly TaskRun<FinetuneConfig> _task = new(run, RecipeFiles.Finetuning, view);
    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;

    /// <inheritdoc cref="FinetuneOrder.Follow"/>
    public static void Follow(ICommunicator ranks, IProgressView view, bool allowOutside, CancellationToken cancellation) =>
        FinetuneOrder.Follow(ranks, view, allowOutside, cancellation);

    /// <summary>Starts a run. Whatever can be wrong is found before anything is written.</summary>
    /// <param name="inputs">Model and data.</param>
    /// <param name="config">The recipe.</param>
    /// <param name="modelSets">Changes of the model's own settings, <c>key=value</c>.</param>
    /// <param name="cancellation">Stops the run after a checkpoint.</param>
    public FinetuneResult Start(FinetuneInputs inputs, FinetuneConfig config, IReadOnlyList<string> modelSets, CancellationToken cancellation)
    {
        CheckInterpolation(inputs.WiseFt, config.Head);
        var compute = TaskRun<FinetuneConfig>.ComputeOf(config);
        using var stored = _task.Open(inputs.Model, modelSets);
        var (_, train) = LabelledData.Open(inputs.Train, inputs.Classes, training: true, Sources(), cancellation);
        LabelledData.TrainingLabels(train, inputs.Train);
        LabelledData.SayAlike(train.ClassNames, inputs.Train, view.Message);
        if (config.Head == ClassifierHead.ZeroShot)
        {
            LabelledData.CheckNamed(train.ClassNames, inputs.Train);
        }

        var tests = TestSets.Open(inputs.Tests, inputs.Classes, train.ClassNames, stored.Config, config, view, allowOutside, cancellation, _ranks);
        var plan = FinetunePlan.Of(config, train.Images.Count);
        CheckShares(config);
        view.Message(string.Create(
            CultureInfo.InvariantCulture,
            $"{train.Images.Count:N0} images of {train.ClassNames.Count} classes; {plan.TotalSamples / plan.BatchSize:N0} steps of {plan.BatchSize}, learning rate {plan.LearningRate.Peak:0.##e-0}."));
        foreach (var warning in FinetunePlan.Warnings(plan, [.. train.Labels.SelectMany(label => label)], train.ClassNames))
        {
            view.Message($"Warning: {warning}");
        }

        using var held = run.LockToBegin("finetune");
        using var classifier = NewClassifier(stored, config, train.ClassNames, compute, cancellation);
        config = _task.Begin(
            inputs, config, Part(config, classifier, compute), compute, folder => ClassifierFolder.Save(folder, stored.Config, train.ClassNames, classifier));
        return Train(inputs, config, new LoadedClassifier(stored.Config, train.ClassNames, classifier), train, tests, null, cancellation);
    }

    /// <summary>Continues a run from its newest checkpoint, or from its start where it has none.</summary>
    /// <param name="wiseFt">Shares of fine-tuned weights to measure; empty for those that the run began with.</param>
    /// <param name="cancellation">Stops the run after a checkpoint.</param>
    public FinetuneResult Resume(IReadOnlyList<double> wiseFt, CancellationToken cancellation)
    {
        using var held = run.Lock();
        var inputs = FinetuneInputs.Load(run.Path);
        inputs = wiseFt.Count > 0 ? inputs with { WiseFt = wiseFt } : inputs;
        var (config, compute, checkpoint) = _task.Continue();
        CheckInterpolation(inputs.WiseFt, config.Head);
        CheckShares(config);
        using var start = ClassifierFolder.Load(run.Start, compute, trains: true);
        config = _task.InParts(config, Part(config, start.Classifier, compute));
        var (_, train) = LabelledData.OpenLike(inputs.Train, inputs.Classes, true, start.ClassNames, "the run", Sources(), cancellation);
        var tests = TestSets.Open(inputs.Tests, inputs.Classes, start.ClassNames, start.Config, config, view, allowOutside, cancellation, _ranks);
        return Train(inputs, config, start, train, tests, checkpoint, cancellation);
    }

    /// <summary>Measures a finished classifier.</summary>
    /// <param name="path">Its folder, or its run.</param>
    /// <param name="sources">Test sets.</param>
    /// <param name="classes">File of class names for the user's own images, or null.</param>
    /// <param name="config">Precision, device and sizes of batches.</param>
    /// <param name="wiseFt">Shares of fine-tuned weights to measure too.</param>
    /// <param name="view">Shows progress.</param>
    /// <param name="allowOutside">Whether lists, descriptions and links may name what lies outside their folder.</param>
    /// <param name="cancellation">Stops the evaluation.</param>
    public static (IReadOnlyList<TestScores> Tests, IReadOnlyList<InterpolatedScores> WiseFt) Evaluate(
        string path,
        IReadOnlyList<string> sources,
        string? classes,
        FinetuneConfig config,
        IReadOnlyList<double> wiseFt,
        IProgressView view,
        bool allowOutside,
        CancellationToken cancellation)
    {
        Compute.UseThreads(config);
        var compute = Compute.Of(config);
        using var loaded = ClassifierFolder.Load(path, compute);
        CheckInterpolation(wiseFt, loaded.Classifier.Head);
        var tests = TestSets.Open(sources, classes, loaded.ClassNames, loaded.Config, config, view, allowOutside, cancellation);
        var scores = tests.Scores(tests.Classify(loaded.Classifier, cancellation));
        if (wiseFt.Count == 0)
        {
            return (scores, []);
        }

        using var start = ClassifierFolder.Load(Path.Combine(path, ClassifierFolder.StartInRun), compute);
        return (scores, tests.Interpolate(loaded.Classifier, start.Classifier, wiseFt, cancellation));
    }

    private void CheckShares(FinetuneConfig config)
    {
        if (config.BatchSize < _ranks.World)
        {
            throw new ConfigException($"batchSize = {config.BatchSize}: has no image for each of the {_ranks.World} ranks.");
        }
    }

    private SourceOptions Sources() => SourceProgress.Sources(view.Message, allowOutside: allowOutside);

    private static void CheckInterpolation(IReadOnlyList<double> alphas, ClassifierHead head)
    {
        if (alphas.Count > 0 && head != ClassifierHead.ZeroShot)
        {
            throw new ConfigException("--wise-ft: only a classifier that began as the zero-shot one can be interpolated with it; it takes --head zeroShot.");
        }
    }

    private ImageClassifier NewClassifier(
        StoredModel stored, FinetuneConfig config, IReadOnlyList<string> classNames, Compute compute, CancellationToken cancellation)
    {
        float[]? head = null;
        if (config.Head == ClassifierHead.ZeroShot)
        {
            view.Message("Embedding the names of the classes.");
            using var loaded = stored.Load(own => own with { Train = own.Train with { Precision = config.Precision, Device = config.Device, Threads = config.Threads } });
            var prompts = ClassPrompts.OfTemplates(classNames, ClassTemplates.Load(config.Templates));
            var batchSize = ModelMemory.EncodingBatch(stored.Config.Model, compute, config.EvalBatchSize);
            head = ZeroShotHead.Weights(loaded.Model, loaded.Tokenizer, prompts, batchSize, cancellation);
        }

        var model = stored.Config.Model;
        var kept = MaskRatio.Kept(model.Image.PatchCount(), config.MaskRatio);
        if (kept < 1)
        {
            throw new ConfigException($"maskRatio = {config.MaskRatio}: leaves none of the {model.Image.PatchCount()} patches.");
        }

        return TaskRun<FinetuneConfig>.OnTower(
            stored,
            ImageClassifier.Declare(model, classNames.Count, config.Head),
            ImageClassifier.IsOfHead,
            compute,
            () => new ImageClassifier(model, classNames.Count, config.Head, compute.Type, compute.Device, (ulong)config.Seed),
            classifier =>
            {
                classifier.LoadTower(stored.Weights, stored.Names);
                if (head is not null)
                {
                    classifier.SetHead(head);
                }
            });
    }

    /// <summary>Images that are computed at a time, by the memory.</summary>
    private static int Part(FinetuneConfig config, ImageClassifier classifier, Compute compute) =>
        BatchReading.PartOfImages(classifier.Config.Image, config, classifier.Parameters.Count, compute, config.MaskRatio);

    private FinetuneResult Train(
        FinetuneInputs inputs,
        FinetuneConfig config,
        LoadedClassifier loaded,
        LabelledImages train,
        TestSets tests,
        string? checkpoint,
        CancellationToken cancellation)
    {
        var classifier = loaded.Classifier;
        var observer = new RunObserver("finetune", view, config.Workers);
        IReadOnlyList<ClassificationOutcome> outcomes = [];
        FinetuneOrder.Give(_ranks, loaded, config, inputs, train);
        using var trainer = ClassifierTrainee.Loop(
            classifier,
            config,
            position => Loader(config, loaded.Config, train, position),
            new CheckpointStore(run.Checkpoints, config.KeepCheckpoints),
            (now, token) => TestSets.Values(tests.Scores(outcomes = tests.Classify(now, token))),
            observer,
            checkpoint,
            _ranks);
        SayExpectedTime(classifier, config, trainer);
        _task.Train(trainer, observer, cancellation);
        using var averaged = trainer.Ema?.Applied();
        ClassifierFolder.Save(run.Model, loaded.Config, loaded.ClassNames, classifier);
        var scores = tests.Scores(outcomes);
        tests.Write(run.Evaluation, inputs.Model, classifier, outcomes, cancellation);
        if (inputs.WiseFt.Count == 0)
        {
            return new FinetuneResult(trainer.State, scores, []);
        }

        using var start = ClassifierFolder.Load(run.Start, new Compute(classifier.Parameters.Device, classifier.Parameters.ComputeType));
        return new FinetuneResult(trainer.State, scores, tests.OfOneProcess().Interpolate(classifier, start.Classifier, inputs.WiseFt, cancellation));
    }

    /// <summary>The loader at a position; of whole batches, since an image is mixed with one at the batch's other end.</summary>
    internal static BatchLoader Loader(FinetuneConfig config, FlipConfig model, LabelledImages train, long position) => new(
        train,
        new FinetuneTransform(model.Model.Image.ImageSize, config, model.Model.Image.Normalization),
        ImageTaskLoading.Options(config, position));

    private void SayExpectedTime(ImageClassifier classifier, FinetuneConfig config, TrainingLoop trainer)
    {
        var count = Math.Min(ExpectedTime.Samples, config.MicroBatch > 0 ? config.MicroBatch : config.BatchSize);
        var size = classifier.Config.Image.ImageSize;
        var batch = new Batch(size, 0, new byte[count * size * size * 3], [], [], new long[count], new int[count]) { Labels = new int[count] };
        var step = new ClassifierStep(classifier, config);
        ExpectedTime.Say(
            view, trainer.Plan.TotalSamples - trainer.State.Samples, count, _ranks.World, () => step.ComputeGradient(batch, 0, config.MaskRatio));
    }
}
