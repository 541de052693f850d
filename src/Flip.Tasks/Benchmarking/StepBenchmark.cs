using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Optim;
using Flip.Storage;
using Flip.Tasks.Pretraining;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Benchmarking;

/// <summary>
/// Times whole training steps on random or real pairs at several mask ratios. The ratios take turns (A B C A B C ...), and the
/// machine's matrix product is timed between them, so that a machine that slows down slows all of them. On a GPU the parts of a step are
/// timed in steps of their own, since a lap waits there.
/// </summary>
public sealed class StepBenchmark : IDisposable
{
    private const int WarmupRounds = 2; // the first steps pay for memory, kernels and just-in-time compilation
    private const int RoundsOfParts = 2;

    private readonly FlipConfig _config;
    private readonly PairLayout _layout;
    private readonly Compute _compute;
    private readonly Func<double, BatchReading, IBatchSource> _open;
    private readonly FlipModel _model;
    private readonly AdamW _optimizer;
    private readonly StepClock _clock;
    private readonly MatrixCeiling _ceiling;

    /// <summary>A model with new weights and its optimiser, on random pixels and full-length texts.</summary>
    /// <param name="config">Model, batch, micro-batch, precision, device and threads; a vocabulary of 0 becomes BERT's size, 30522.</param>
    public StepBenchmark(FlipConfig config)
        : this(WithVocabulary(config), null)
    {
    }

    /// <param name="config">Model, batch, micro-batch, precision, device and threads.</param>
    /// <param name="open">Opens the pairs for a mask ratio and a device; null for random ones.</param>
    internal StepBenchmark(FlipConfig config, Func<FlipConfig, double, Compute, IBatchSource>? open)
    {
        _config = config;
        var train = config.Train;
        Compute.UseThreads(train);
        var compute = _compute = Compute.Of(train);
        _layout = new PairLayout(config.Model, (ulong)train.Seed, compute.Device);
        _open = open is null
            ? (ratio, reading) => new SyntheticBatch(_layout, ratio, train.BatchSize, reading.MicroBatch)
            : (ratio, _) => open(config, ratio, compute);
        _model = new FlipModel(config.Model, train.Loss, compute.Type, compute.Device, (ulong)train.Seed);
        _optimizer = new AdamW(_model.Parameters, AdamWOptions.Of(train));
        _clock = new StepClock(compute.Device);
        _ceiling = new MatrixCeiling(compute.Type, compute.Device);
    }

    private bool IsOnGpu => _layout.Device.type == DeviceType.CUDA;

    /// <summary>A benchmark that reads the configured shards as a training does.</summary>
    /// <exception cref="ConfigException">No shards are configured, or they have no samples.</exception>
    public static StepBenchmark OfData(FlipConfig config, Action<string> say, CancellationToken cancellation, bool allowOutside = false)
    {
        var data = TrainingData.Open(config.Data, say, cancellation, allowOutside);
        var tokenizer = data.Tokenizer(config.Data, say, cancellation);
        return new StepBenchmark(
            ModelFolder.WithVocabulary(config, tokenizer), (own, ratio, compute) => data.Loader(WithMask(own, ratio), tokenizer, 0, compute));
    }

    /// <summary>Warms up and measures.</summary>
    /// <param name="maskRatios">Shares of patches removed, each in [0, 1) and keeping a patch.</param>
    /// <param name="rounds">Steps at each ratio, 1 or more.</param>
    /// <exception cref="NonFiniteLossException">The loss is not finite, so the time would mean nothing.</exception>
    public StepReport Run(IReadOnlyList<double> maskRatios, int rounds, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rounds, 1);
        Check(maskRatios);
        var lanes = new List<Lane>();
        try
        {
            foreach (var ratio in maskRatios)
            {
                var config = WithMask(_config, ratio);
                var reading = BatchReading.Of(config, _compute);
                lanes.Add(new Lane(ratio, new StepLane(config, _model, _optimizer, reading.MicroBatch, _open(ratio, reading))));
            }

            for (var round = -WarmupRounds; round < rounds; round++)
            {
                foreach (var lane in lanes)
                {
                    cancellation.ThrowIfCancellationRequested();
                    Step(lane, round >= 0, IsOnGpu ? null : _clock, cancellation);
                }

                _ceiling.Measure();
            }

            for (var round = 0; IsOnGpu && round < RoundsOfParts; round++)
            {
                lanes.ForEach(lane => Step(lane, false, _clock, cancellation));
            }

            return Report(lanes, rounds);
        }
        finally
        {
            lanes.ForEach(lane => lane.Dispose());
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ceiling.Dispose();
        _optimizer.Dispose();
        _model.Dispose();
    }

    /// <summary>The configuration with BERT's vocabulary, where it leaves the size to the tokenizer.</summary>
    internal static FlipConfig WithVocabulary(FlipConfig config) => config.Model.Text.VocabularySize > 0
        ? config
        : config with { Model = config.Model with { Text = config.Model.Text with { VocabularySize = 30522 } } };

    private static FlipConfig WithMask(FlipConfig config, double ratio) =>
        config with { Model = config.Model with { Image = config.Model.Image with { MaskRatio = ratio, FinalMaskRatio = null } } };

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

    private void Step(Lane lane, bool counts, StepClock? clock, CancellationToken cancellation)
    {
        var step = lane.Steps.Step(clock, cancellation);
        if (counts)
        {
            lane.Seconds.Add(step.Seconds);
            lane.Flops.Add(step.Flops);
            lane.Traffic = step.Traffic;
        }

        if (clock is not null && (counts || IsOnGpu))
        {
            lane.Parts.Add([.. Enum.GetValues<StepPart>().Select(part => clock[part])]);
        }
    }

    private StepReport Report(List<Lane> lanes, int rounds)
    {
        var unmasked = lanes.Find(lane => lane.MaskRatio == 0);
        return new StepReport(
            _config.Train.BatchSize,
            _model.Parameters.ComputeType == ScalarType.BFloat16 ? "bf16" : "fp32",
            _layout.Device.ToString(),
            get_num_threads(),
            rounds,
            _ceiling.Best / 1e9,
            DeviceMemory.Used(_layout.Device),
            [.. lanes.Select(lane => Measurement(lane, unmasked))]);
    }

    private StepMeasurement Measurement(Lane lane, Lane? unmasked)
    {
        var pairs = _config.Train.BatchSize;
        var (seconds, flops) = (Medians.Of(lane.Seconds), lane.Flops.Average());
        return new StepMeasurement(
            lane.MaskRatio,
            seconds,
            lane.Seconds.Min(),
            pairs / seconds,
            flops / pairs / 1e9,
            flops / seconds / 1e9,
            flops / seconds / _ceiling.Best,
            unmasked is null ? null : seconds / Medians.Of(unmasked.Seconds),
            unmasked is null ? null : flops / unmasked.Flops.Average(),
            lane.Steps.MicroBatch < pairs ? lane.Steps.MicroBatch : 0,
            lane.Traffic.Waits,
            lane.Traffic.Copies,
            lane.Traffic.Bytes,
            Enum.GetValues<StepPart>().ToDictionary(part => part, part => Medians.Of(lane.Parts.Select(row => row[(int)part]))));
    }

    /// <summary>The steps at one mask ratio.</summary>
    private sealed record Lane(double MaskRatio, StepLane Steps) : IDisposable
    {
        public List<double> Seconds { get; } = [];

        public List<double> Flops { get; } = [];

        public List<double[]> Parts { get; } = [];

        public TrafficCount Traffic { get; set; }

        public void Dispose() => Steps.Dispose();
    }
}
