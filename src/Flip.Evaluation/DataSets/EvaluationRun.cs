using Flip.Collectives;
using Flip.Conversion;
using Flip.Data;
using Flip.Devices;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Flip.Evaluation.ZeroShot;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;

namespace Flip.Evaluation.DataSets;

/// <summary>Measures a model on data sets and writes a folder of results. Of ranks that share the work, rank 0 alone touches the user's folders.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="view">Shows the progress.</param>
/// <param name="ranks">Who shares what is encoded; null for this process alone.</param>
public sealed class EvaluationRun(EvaluationRequest request, IProgressView view, ICommunicator? ranks = null)
{
    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;
    private string _cache = "";
    private ContentHashes _hashes = new();

    /// <summary>Measures.</summary>
    /// <param name="cancellation">Stops between two batches.</param>
    /// <returns>What the numbers depend on, and the sets; without sets on other ranks than the first.</returns>
    public (EvaluationHeader Header, IReadOnlyList<EvaluatedSet> Sets) Run(CancellationToken cancellation)
    {
        // Everything that can be wrong about the data is reported before the model is loaded.
        var named = WrittenDataSet.Of(request.On, request.DataRoot, request.Classes, view.Message, request.AllowOutside);
        FirstRank.Do(_ranks, CheckPlaces);
        var options = SourceProgress.Sources(view.Message, request.AllowMissing, request.AllowOutside);
        var data = named.Select(written => EvaluationData.Open(written, request.Prompts, options, cancellation)).ToList();
        using var loaded = ModelSource.Load(request.Model, request.Settings, view.Message);
        Compute.UseThreads(loaded.Config.Train);
        var weights = WeightFile.Hash(loaded.Model.Parameters);
        SameWork.Require(_ranks, $"weights {weights}", $"model {ItemEncoders.ConfigurationHash(loaded.Config)}");
        request.Mask.Encoder(loaded); // an impossible mask is refused before any work
        var evaluator = new DataSetEvaluator(
            images => Features(loaded, weights, images, cancellation),
            new InferenceEncoder(loaded.Model),
            loaded.Tokenizer,
            loaded.BatchSize,
            new ClassifierCache(_cache, new Dictionary<string, string>(ItemEncoders.TextSettings(loaded)) { ["weights"] = weights }, view.Message, _ranks),
            _ranks);
        foreach (var item in data)
        {
            item.SayRepeated(loaded.Tokenizer, loaded.Config.Model.Text.Length, view.Message);
        }

        var evaluated = data.Select(item =>
        {
            view.Message($"{item.Set.Title}: {item.Images.Count:N0} images.");
            return evaluator.Evaluate(item, request.Samples, cancellation);
        }).OfType<EvaluatedSet>().ToList();
        var header = Header(request.Model, loaded, weights, request.Mask, request.Prompts.ToString());
        if (request.Out is { } folder)
        {
            FirstRank.Do(_ranks, () => ResultsFolder.Write(folder, header, evaluated));
        }

        return (header, evaluated);
    }

    /// <summary>What would else be found out at the end.</summary>
    private void CheckPlaces()
    {
        Bootstrap.CheckSamples(request.Samples);
        _cache = CacheFolder.Open(request.Cache, view.Message);
        _hashes = SourceProgress.Hashes(_cache, view.Message);
        if (request.Out is { } folder)
        {
            ResultsFolder.Check(folder, "--out");
        }
    }

    private FeatureSet? Features(LoadedModel loaded, string weights, IImageSource images, CancellationToken cancellation)
    {
        var (items, manifest) = ItemEncoders.Features(loaded, weights, request.Mask, FeatureKind.Embedding, images, request.AllowMissing, _hashes, cancellation, ranks: _ranks);
        return new FeatureCache(_cache, view.Message, _ranks).Read(
            items, manifest, request.AllowMissing, new ItemMeter(view, "embed", items.Kind, items.Count).Report, cancellation);
    }

    /// <summary>What the numbers of a model depend on; the method is zero-shot unless it is changed.</summary>
    public static EvaluationHeader Header(string model, LoadedModel loaded, string weights, MaskChoice mask, string prompts) => new(
        UnicodeName.Shown(model),
        weights,
        ItemEncoders.ConfigurationHash(loaded.Config),
        "zero-shot",
        ItemEncoders.Describe(mask, loaded.Config),
        UnicodeName.Shown(prompts),
        loaded.Config.Eval.TransformName());
}
