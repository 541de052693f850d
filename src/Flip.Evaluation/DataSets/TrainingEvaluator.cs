using Flip.Collectives;
using Flip.Config;
using Flip.Data;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Devices;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Features;
using Flip.Models;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Evaluation.DataSets;

/// <summary>
/// <see cref="DataSetEvaluator"/> in training: every measure of a data set and its chance, <c>NAME/top1</c> and <c>NAME/chance top1</c>, of weights that
/// no other evaluation sees, so that nothing is kept.
/// </summary>
/// <param name="data">The data set.</param>
/// <param name="tokenizer">The model's tokenizer.</param>
/// <param name="config">How images become pixels, and how many are encoded at a time.</param>
/// <param name="ranks">Who shares the work, with the same weights; all get the same numbers. Null for this process alone.</param>
public sealed class TrainingEvaluator(EvaluationData data, ITokenizer tokenizer, FlipConfig config, ICommunicator? ranks = null) : IEvaluator
{
    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;

    /// <summary>The data set.</summary>
    public EvaluationData Data => data;

    /// <summary>The evaluators of a configuration's data sets (<see cref="EvalConfig.On"/>).</summary>
    /// <param name="config">The configuration.</param>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="options">Who receives what is left out, and the classes that the model's words cannot tell apart.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <param name="ranks">Who shares the work; null for this process alone.</param>
    /// <exception cref="ConfigException">There are no such data.</exception>
    /// <exception cref="EvaluationDataException">A file is damaged.</exception>
    public static IReadOnlyList<TrainingEvaluator> Of(
        FlipConfig config, ITokenizer tokenizer, SourceOptions options, CancellationToken cancellation, ICommunicator? ranks = null)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(options);
        var say = options.Say ?? (_ => { });
        var opened = WrittenDataSet.Of(config.Eval.On, null, config.Eval.Classes ?? config.Data.ClassNames, say, options.AllowOutside)
            .Select(written => EvaluationData.Open(written, new PromptChoice(config.Eval.Templates), options, cancellation)).ToList();
        foreach (var data in opened)
        {
            data.SayRepeated(tokenizer, config.Model.Text.Length, say);
        }

        return [.. opened.Select(data => new TrainingEvaluator(data, tokenizer, config, ranks))];
    }

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, double> Evaluate(IDualEncoder model, CancellationToken cancellation = default)
    {
        var batchSize = ModelMemory.EncodingBatch(config.Model, Compute.Of(config.Train), config.Eval.BatchSize);
        var outcome = new DataSetEvaluator(Embed, model, tokenizer, batchSize, ranks: _ranks).Measure(data, cancellation);
        return new OrderedDictionary<string, double>(FirstRank.Tell<KeyValuePair<string, double>[]>(_ranks, () =>
        [
            .. outcome!.Measures().Select(measure => KeyValuePair.Create($"{data.Set.Name}/{measure.Key}", measure.Value)),
            .. outcome.Chances().Select(chance => KeyValuePair.Create($"{data.Set.Name}/chance {chance.Key}", chance.Value)),
        ]));

        FeatureSet? Embed(IImageSource images)
        {
            var loader = new ImageLoader(images, EvaluationTransform.Of(config), config.Data.Workers);
            return FeatureSet.OnFirst(SharedItems.Of(new ImageItems(loader, _ => model, batchSize, countsEmbedded: false), _ranks), _ranks, cancellation);
        }
    }
}
