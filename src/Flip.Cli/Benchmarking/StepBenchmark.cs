using System.Diagnostics;
using Flip.Config;
using Flip.Models;
using Flip.Optim;
using Flip.Storage;
using Flip.Tasks.Pretraining;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Cli.Benchmarking;

/// <summary>
/// Times whole training steps on random or real pairs at several mask ratios. The ratios take turns (A B C A B C ...), and the
/// machine's matrix product is timed between them, so that a machine that slows down slows all of them.
/// </summary>
public sealed class StepBenchmark : IDisposable
{
    private const int WarmupRounds = 2; // the first steps pay for memory, kernels and just-in-time compilation

    private readonly FlipConfig _config;
    private readonly IBatchSource _source;
    private readonly FlipModel _model;
    private readonly AdamW _optimizer;
    private readonly StepClock _clock;
    private readonly TrainingStep _step;
    private readonly MatrixCeiling _ceiling;

    /// <summary>A model with new weights and its optimiser.</summary>
    /// <param name="config">Model, batch, micro-batch, precision, device and threads; a vocabulary of 0 becomes BERT's size, 30522.</param>
    /// <param name="source">The pairs, owned by this; null for one batch of random pixels and full-length texts.</param>
    public StepBenchmark(FlipConfig config, IBatchSource? source = null)
    {
        var text = config.Model.Text;
        _config = config with
        {
            Model = config.Model with { Text = text with { VocabularySize = text.VocabularySize > 0 ? text.VocabularySize : 30522 } },
        };
        var train = config.Train;
        Compute.UseThreads(train);
        var compute = Compute.Of(train);
        _source = source ?? new SyntheticBatch(_config.Model, train.BatchSize, (ulong)train.Seed);
        _model = new FlipModel(_config.Model, train.Loss, compute.Type, compute.Device, (ulong)train.Seed);
        _optimizer = new AdamW(_model.Parameters, AdamWOptions.Of(train));
        _clock = new StepClock(compute.Device);
        _step = new TrainingStep(_model, train, _clock);
        _ceiling = new MatrixCeiling(compute.Type, compute.Device);
    }

    /// <summary>A benchmark that reads the configured shards as a training does.</summary>
    /// <exception cref="ConfigException">No shards are configured, or they have no samples.</exception>
    public static StepBenchmark OfData(FlipConfig config, Action<string> say, CancellationToken cancellation, bool allowOutside = false)
    {
        var data = TrainingData.Open(config.Data, say, cancellation, allowOutside);
        var tokenizer = data.Tokenizer(config.Data, say, cancellation);
        config = ModelFolder.WithVocabulary(config, tokenizer);
        return new StepBenchmark(config, data.Loader(config, tokenizer, 0));
    }

    /// <summary>Warms up and measures.</summary>
    /// <param name="maskRatios">Shares of patches removed, each in [0, 1) and keeping a patch.</param>
    /// <param name="rounds">Steps at each ratio, 1 or more.</param>
    /// <exception cref="NonFiniteLossException">The loss is not finite, so the time would mean nothing.</exception>
    public StepReport Run(IReadOnlyList<double> maskRatios, int rounds, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        Check(maskRatios);
        var laps = maskRatios.Select(_ => new List<double[]>()).ToList();
        var flops = new double[maskRatios.Count];
        for (var round = -WarmupRounds; round < rounds; round++)
        {
            for (var i = 0; i < maskRatios.Count; i++)
            {
                cancellation.ThrowIfCancellationRequested();
                _clock.Restart();
                var batch = _source.Next(_config.Train.BatchSize, cancellation);
                _clock.Lap(StepPart.Data);
                var seconds = Step(batch, maskRatios[i]);
                if (round >= 0)
                {
                    laps[i].Add(seconds);
                    flops[i] += Flops(batch, maskRatios[i]) / rounds;
                }
            }

            _ceiling.Measure();
        }

        return Report(maskRatios, laps, flops);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ceiling.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
        _source.Dispose();
    }

    private void Check(IReadOnlyList<double> maskRatios)
    {
        var patches = _config.Model.Image.PatchCount();
        var problems = maskRatios
            .Where(ratio => !(ratio >= 0 && ratio < 1) || MaskRatio.Kept(patches, ratio) < 1)
            .Select(ratio => $"mask ratio {ratio}: must be in [0, 1) and keep one of {patches} patches")
            .ToList();
        if (maskRatios.Count == 0 || problems.Count > 0)
        {
            throw new ConfigException(problems.Count > 0 ? problems : ["no mask ratio to measure"]);
        }
    }

    /// <summary>One step as a training makes it; the seconds of its parts.</summary>
    private double[] Step(Batch batch, double maskRatio)
    {
        var loss = _step.ComputeGradient(batch, maskRatio);
        var norm = GradientNorm.Of(_model.Parameters.Gradient);
        if (!double.IsFinite(loss.Loss) || !double.IsFinite(norm))
        {
            throw new NonFiniteLossException(0, NonFiniteLossException.Step(loss.Loss, norm), null);
        }

        _optimizer.Step(_config.Train.BaseLearningRate, GradientNorm.Scale(norm, _config.Train.GradientClip));
        _model.ClampLogitScale();
        _clock.Lap(StepPart.Update);
        return [.. Enum.GetValues<StepPart>().Select(part => _clock[part])];
    }

    /// <summary>Operations of a step, each text counted with the tokens that are computed of it.</summary>
    private double Flops(Batch batch, double maskRatio)
    {
        using var scope = NewDisposeScope();
        var part = _config.Train.MicroBatch > 0 ? _config.Train.MicroBatch : batch.Size;
        return Enumerable.Range(0, batch.Size).Chunk(part)
            .SelectMany(rows => StepInputs.TextsOf(batch, rows[0], rows.Length, _config.Model.Text, (ulong)_config.Train.Seed, CPU).Computed)
            .CountBy(tokens => tokens)
            .Sum(texts => texts.Value * ModelCost.Of(_config.Model, maskRatio, textTokens: texts.Key).TrainingFlops);
    }

    private StepReport Report(IReadOnlyList<double> maskRatios, List<List<double[]>> laps, double[] flops)
    {
        var medians = laps.Select(rows => Median(rows.Select(row => row.Sum()))).ToList();
        var unmasked = maskRatios.ToList().IndexOf(0);
        var measurements = maskRatios.Select((ratio, i) => Measurement(
            ratio, laps[i], medians[i], flops[i], unmasked < 0 ? null : (medians[unmasked], flops[unmasked])));
        var train = _config.Train;
        using var process = Process.GetCurrentProcess();
        return new StepReport(
            train.BatchSize,
            train.MicroBatch,
            _model.Parameters.ComputeType == ScalarType.BFloat16 ? "bf16" : "fp32",
            get_num_threads(),
            laps[0].Count,
            _ceiling.Best / 1e9,
            process.PeakWorkingSet64,
            [.. measurements]);
    }

    private StepMeasurement Measurement(
        double ratio, List<double[]> rows, double seconds, double flops, (double Seconds, double Flops)? unmasked)
    {
        var pairs = _config.Train.BatchSize;
        return new StepMeasurement(
            ratio,
            seconds,
            rows.Min(row => row.Sum()),
            pairs / seconds,
            flops / pairs / 1e9,
            flops / seconds / 1e9,
            flops / seconds / _ceiling.Best,
            seconds / unmasked?.Seconds,
            flops / unmasked?.Flops,
            Enum.GetValues<StepPart>().ToDictionary(part => part, part => Median(rows.Select(row => row[(int)part]))));
    }

    private static double Median(IEnumerable<double> values)
    {
        var sorted = values.Order().ToArray();
        var middle = sorted.Length / 2;
        return sorted.Length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
