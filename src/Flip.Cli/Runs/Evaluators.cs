using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Images;
using Flip.Data.Loading;
using Flip.Data.Sources;
using Flip.Evaluation.Retrieval;
using Flip.Evaluation.ZeroShot;
using Flip.Tokenizers;
using Flip.Training;

namespace Flip.Cli.Runs;

/// <summary>The evaluations that a configuration asks for.</summary>
internal static class Evaluators
{
    /// <summary>Opens the data and makes the evaluators; none where the configuration names no data.</summary>
    /// <param name="config">What to evaluate on.</param>
    /// <param name="tokenizer">The model's.</param>
    /// <param name="say">Told what is left out of shards.</param>
    /// <param name="allowOutside">Whether links to shards may lead out of their folder.</param>
    public static IReadOnlyList<IEvaluator> Of(FlipConfig config, ITokenizer tokenizer, Action<string> say, bool allowOutside = false)
    {
        var evaluators = new List<IEvaluator>();
        if (config.Eval.ZeroShot is { } labelled)
        {
            evaluators.Add(ZeroShot(config, tokenizer, labelled, config.Eval.ClassNames!, "zeroShot", say, allowOutside));
        }

        if (config.Eval.Retrieval is { } captioned)
        {
            evaluators.Add(Retrieval(config, tokenizer, captioned, say, allowOutside));
        }

        return evaluators;
    }

    /// <summary>Zero-shot classification of labelled shards.</summary>
    public static ZeroShotEvaluator ZeroShot(
        FlipConfig config, ITokenizer tokenizer, string shards, string classNames, string name, Action<string>? say = null, bool allowOutside = false)
    {
        var set = Open(config, shards, say, allowOutside);
        return new ZeroShotEvaluator(
            Images(set, config.Eval.BatchSize),
            set.Labels,
            ClassPrompts.OfTemplates(ClassNames.Load(classNames), ClassTemplates.Load(config.Eval.Templates)),
            tokenizer,
            config.Eval.BatchSize,
            name);
    }

    /// <summary>Retrieval among captioned shards.</summary>
    public static RetrievalEvaluator Retrieval(FlipConfig config, ITokenizer tokenizer, string shards, Action<string>? say = null, bool allowOutside = false)
    {
        var set = Open(config, shards, say, allowOutside);
        return new RetrievalEvaluator(Images(set, config.Eval.BatchSize), set.Captions, tokenizer, config.Eval.BatchSize);
    }

    /// <summary>Shards as an evaluation reads them.</summary>
    /// <param name="config">How images become pixels.</param>
    /// <param name="shards">The shards.</param>
    /// <param name="say">Told what is left out of them; null for nobody, where it was told before.</param>
    /// <param name="allowOutside">Whether links to them may lead out of their folder.</param>
    public static EvaluationSet Open(FlipConfig config, string shards, Action<string>? say = null, bool allowOutside = false) => EvaluationSet.Open(
        shards,
        Transform(config),
        workers: config.Data.Workers,
        options: say is null ? new SourceOptions { AllowOutside = allowOutside } : IndexingProgress.Sources(say, allowOutside: allowOutside));

    /// <summary>How images become the model's pixels.</summary>
    public static EvaluationTransform Transform(FlipConfig config) => new(config.Eval.Transform, config.Model.Image.ImageSize, config.Eval.Interpolation);

    private static IEnumerable<(ReadOnlyMemory<byte> Pixels, int Count)> Images(EvaluationSet set, int batchSize) =>
        set.Images(batchSize).Select(batch => (batch.Present, batch.Size));
}
