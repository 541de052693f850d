using System.Globalization;
using Flip.Collectives;
using Flip.Conversion;
using Flip.Data;
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

namespace Flip.Evaluation.Probes;

/// <summary>Opens the data, gets the features, and runs the methods on them. Ranks share the features; rank 0 has them and runs the methods.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="view">Shows the progress.</param>
/// <param name="ranks">Who shares the features; null for this process alone.</param>
public sealed class ProbeRun(ProbeRequest request, IProgressView view, ICommunicator? ranks = null)
{
    private const string LinearProbeMeasure = "linearProbe"; // what the registry's references call it
    private const int SweepPoints = 15;
    private const long FewSteps = 1000;

    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;
    private string _cache = "";
    private ContentHashes _hashes = new();
    private readonly Dictionary<(FeatureKind, bool, int?), LabelledFeatures> _features = [];
    private readonly List<ProbeRow> _rows = [];
    private readonly List<string> _notes = [];
    private readonly Dictionary<string, string> _settings = [];
    private readonly Dictionary<bool, ProbeData> _data = [];
    private DataSetDescription? _set;
    private LabelledImages? _test;
    private EvaluationHeader? _header;

    /// <summary>Runs all methods.</summary>
    /// <param name="cancellation">Stops between two batches, or within a fit.</param>
    /// <returns>What was measured; null on other ranks than the first.</returns>
    public ProbeReport? Run(CancellationToken cancellation)
    {
        // Everything that can be wrong about the data is reported before the model is loaded.
        request.Check();
        FirstRank.Do(_ranks, CheckPlaces);
        var options = SourceProgress.Sources(view.Message, request.AllowMissing, request.AllowOutside);
        var (_, train) = LabelledData.Open(request.Train, request.Classes, training: true, options, cancellation);
        (_set, var test) = LabelledData.Open(request.Test, request.Classes, training: false, options, cancellation);
        var names = LabelledData.CommonNames(train, test);
        _test = test with { ClassNames = names };
        _set.CheckMetric(_test);
        LabelledData.SayAlike(names, request.Train, view.Message);
        var (trainLabels, testLabels) = (LabelledData.TrainingLabels(train, request.Train), LabelledData.SingleLabels(test, request.Test));
        if (request.Methods.Contains(FewShotProbe.Name))
        {
            CheckShots(trainLabels, names);
        }

        using var loaded = ModelSource.Load(request.Model, request.Settings, view.Message);
        Compute.UseThreads(loaded.Config.Train);
        var source = new Source(loaded, names, (train.Images, trainLabels), (test.Images, testLabels));
        var weights = WeightFile.Hash(loaded.Model.Parameters);
        _header = EvaluationRun.Header(request.Model, loaded, weights, request.Mask, "none");
        var methods = ProbeRequest.AllMethods.Where(request.Methods.Contains).ToList();
        foreach (var (kind, isTrain, randomView) in methods.SelectMany(Wanted).Distinct())
        {
            Extract(source, kind, isTrain, randomView, cancellation);
        }

        return FirstRank.Keep(_ranks, () =>
        {
            methods.ForEach(method => Run(method, source.Device, cancellation));
            return new ProbeReport(request.Model, weights, names.Count, _data[true], _data[false], _settings, _rows, _notes);
        });
    }

    /// <summary>What would else be found out at the end.</summary>
    private void CheckPlaces()
    {
        _cache = CacheFolder.Open(request.Cache, view.Message);
        _hashes = SourceProgress.Hashes(_cache, view.Message);
        if (request.Out is { } folder)
        {
            ResultsFolder.Check(folder, "--out");
        }
    }

    /// <summary>The features that a method reads.</summary>
    private IEnumerable<(FeatureKind Kind, bool IsTrain, int? RandomView)> Wanted(string method)
    {
        var kind = request.FeatureOf(method);
        return ViewsOf(method).Select(randomView => (kind, true, randomView)).Prepend((kind, false, null));
    }

    /// <summary>The random views of the training images that a method reads; null for the evaluation's own.</summary>
    private IEnumerable<int?> ViewsOf(string method) => Enumerable.Range(0, method == LarsProbe.Name ? request.Views : 1)
        .Select(i => method == LarsProbe.Name && request.Views > 1 ? i : (int?)null);

    private void Run(string method, TorchSharp.torch.Device device, CancellationToken cancellation)
    {
        var keepScores = _set!.Metric.NeedsScores();
        var kind = request.FeatureOf(method);
        var test = _features[(kind, false, null)];
        switch (method)
        {
            case LogisticProbe.Name:
                {
                    var (train, done) = (_features[(kind, true, null)], 0);
                    var meter = new ItemMeter(view, method, "fits", SweepPoints);
                    Add(kind, LogisticProbe.Run(train, test, request.Logistic, keepScores, device, _ => meter.Report(++done), cancellation));
                    break;
                }

            case LarsProbe.Name:
                {
                    var views = ViewsOf(method).Select(randomView => _features[(kind, true, randomView)]).ToList();
                    ItemMeter? meter = null;
                    Add(kind, LarsProbe.Run(views, test, request.Lars, keepScores, device, (done, all) => (meter ??= new(view, method, "steps", all)).Report(done), cancellation));
                    NoteFewSteps();
                    break;
                }

            case FewShotProbe.Name:
                RunFewShots(kind, _features[(kind, true, null)], test, device, cancellation);
                break;

            default:
                {
                    var train = _features[(kind, true, null)];
                    var meter = new ItemMeter(view, method, "comparisons", (long)train.Count * test.Count);
                    Add(kind, [.. NearestNeighbors.Run(
                        train, test, request.Neighbors, keepScores, device, share => meter.Report((long)(share * train.Count * test.Count)), cancellation)]);
                    break;
                }
        }
    }

    private void RunFewShots(
        FeatureKind kind, LabelledFeatures train, LabelledFeatures test, TorchSharp.torch.Device device, CancellationToken cancellation)
    {
        CheckShots(train.Labels, train.ClassNames); // again: images may have been left out
        var (done, meter) = (0, new ItemMeter(view, FewShotProbe.Name, "draws", request.Shots.Count * request.Seeds));
        foreach (var shots in request.Shots)
        {
            var result = FewShotProbe.Run(
                train, test, shots, request.Seeds, request.Logistic, device, () => meter.Report(++done), cancellation);
            var (top1, meanPerClass) = (result.Of(Metric.Top1), result.Of(Metric.MeanPerClass));
            _rows.Add(new(
                result.Draws[0].Method,
                kind,
                string.Join(", ", result.Draws.Select(draw => draw.Setting).Distinct()),
                top1.Mean,
                result.Of(Metric.Top5).Mean,
                meanPerClass.Mean,
                top1.Deviation,
                meanPerClass.Deviation,
                result.Draws.Sum(draw => draw.Seconds),
                [.. result.Draws.Select(draw => new Dictionary<string, object>(draw.Details) { ["top1"] = draw.Outcome.Value(Metric.Top1), ["meanPerClass"] = draw.Outcome.Value(Metric.MeanPerClass) })]));
        }
    }

    private void CheckShots(int[] labels, IReadOnlyList<string> classNames) =>
        FewShotProbe.Check(labels, classNames, request.Shots, choosesLambda: request.Logistic.Lambda is null);

    private void Add(FeatureKind kind, params ProbeResult[] results)
    {
        foreach (var result in results)
        {
            var outcome = result.Outcome;
            _rows.Add(new(
                result.Method,
                kind,
                result.Setting,
                outcome.Value(Metric.Top1),
                outcome.Value(Metric.Top5),
                outcome.Value(Metric.MeanPerClass),
                null,
                null,
                result.Seconds,
                [result.Details]));
            if (result.Details.TryGetValue("converged", out var converged) && converged is false)
            {
                _notes.Add($"{result.Method}: the fit stopped before its gradient was small ({result.Setting}); another --lambda or --scaling may be better conditioned.");
            }

            if (request.Out is { } folder)
            {
                Write(Path.Combine(folder, result.Method), kind, result);
            }
        }
    }

    /// <summary>The results of a method in the form that every evaluation has, so that flip compare takes them.</summary>
    private void Write(string folder, FeatureKind kind, ProbeResult probed)
    {
        var (outcome, set, images) = (probed.Outcome, _set!, _test!);
        var references = probed.Method is LogisticProbe.Name or LarsProbe.Name ? set.ResultsOf(LinearProbeMeasure) : [];
        var settings = new Dictionary<string, string>
        {
            ["train"] = request.Train,
            ["feature"] = kind.ToString(),
            ["setting"] = probed.Setting,
        };
        var result = EvaluationResult.Of(
            set.Name, set.Metric, outcome, _settings["testSource"], _data[false].Missing, references, settings);
        OwnEntries.RequireWay(request.Out!, Path.Combine(folder, EvaluationReport.FileName));
        ResultsFolder.Write(folder, _header! with { Method = probed.Method }, [new EvaluatedSet(result, outcome, images.Images)]);
    }

    private void NoteFewSteps()
    {
        if (_rows[^1].Details[0]["steps"] is long steps and < FewSteps)
        {
            _notes.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"lars: {steps:N0} steps, where the paper's recipe takes 7,020 on ImageNet: a set this small asks for --lars-batch or --lars-epochs of its own."));
        }
    }

    /// <summary>Gets the features of one side of the data, which rank 0 keeps.</summary>
    private void Extract(Source source, FeatureKind kind, bool isTrain, int? randomView, CancellationToken cancellation)
    {
        var images = isTrain ? source.Train.Images : source.Test.Images;
        var (items, manifest) = ItemEncoders.Features(source.Loaded, _header!.Weights, request.Mask, kind, images, request.AllowMissing, _hashes, cancellation, randomView, _ranks);
        var name = $"{(isTrain ? "train" : "test")} features{(randomView is { } number ? FormattableString.Invariant($" {number + 1}/{request.Views}") : "")}";
        var found = new FeatureCache(_cache, view.Message, _ranks).Read(
            items, manifest, request.AllowMissing, new ItemMeter(view, name, items.Kind, items.Count).Report, cancellation);
        FirstRank.Do(_ranks, () => Keep(found!, manifest, (kind, isTrain, randomView), source));
    }

    private void Keep(
        FeatureSet found, EmbeddingManifest manifest, (FeatureKind Kind, bool IsTrain, int? RandomView) name, Source source)
    {
        var isTrain = name.IsTrain;
        if (name.RandomView is null)
        {
            foreach (var (key, value) in manifest.ToValues().Where(value => value.Key is not ("source" or "items" or "feature" or "embedDim")))
            {
                _settings[key] = value;
            }

            _settings[isTrain ? "trainSource" : "testSource"] = manifest.Source;
        }

        _settings["weights"] = manifest.Weights;
        _data[isTrain] = new(isTrain ? request.Train : request.Test, found.Keys.Count, found.Missing.Count);
        var (images, labels) = isTrain ? source.Train : source.Test;
        _features[name] = found.With(images, labels, source.ClassNames);
    }

    /// <summary>The model and the data.</summary>
    private sealed record Source(
        LoadedModel Loaded, IReadOnlyList<string> ClassNames, (IImageSource Images, int[] Labels) Train, (IImageSource Images, int[] Labels) Test)
    {
        /// <summary>Where the model computes, and the probes too.</summary>
        public TorchSharp.torch.Device Device => Loaded.Model.Parameters.Device;
    }
}
