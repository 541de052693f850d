using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using Flip.Randomness;
using Flip.Training;
using TorchSharp;

namespace Flip.Tests.Training;

/// <summary>A model of a few thousand weights on pairs that are a function of their position.</summary>
internal static class TinyRun
{
    public static FlipConfig Config { get; } = new()
    {
        Model = new ModelConfig
        {
            Image = new ImageConfig { ImageSize = 16, PatchSize = 4, Width = 16, Depth = 2, Heads = 2, MaskRatio = 0.5 },
            Text = new TextConfig { VocabularySize = 20, Length = 6, Width = 16, Depth = 1, Heads = 2 },
            EmbedDim = 8,
        },
        Train = new TrainConfig
        {
            Samples = Duration.OfSteps(8),
            BatchSize = 8,
            BaseLearningRate = 0.05,
            Warmup = Duration.OfSteps(2),
            Precision = Precision.Fp32,
            LogEvery = Duration.OfSteps(1),
            CheckpointEvery = Duration.OfSteps(4),
            KeepCheckpoints = 0,
            Seed = 3,
        },
    };

    public static FlipModel Model(FlipConfig config, torch.ScalarType? type = null) =>
        new(config.Model, config.Train.Loss, type ?? (config.Train.Precision == Precision.Bf16 ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32), seed: (ulong)config.Train.Seed);

    public static PairLayout Layout(FlipConfig config) => new(config.Model, (ulong)config.Train.Seed, torch.CPU);

    public static Batch Batch(int size, long position = 0)
    {
        using var source = new PositionSource(position);
        return source.Next(size);
    }

    /// <summary>Trains and returns the losses of all steps.</summary>
    public static List<double> Losses(
        FlipConfig config, string folder, string? checkpoint = null, Action<FlipModel>? after = null, ICommunicator? ranks = null)
    {
        using var model = Model(config);
        var recorder = new Recorder();
        var share = ranks is null ? null : new BatchShare(ranks, config.Train.BatchSize);
        using var trainer = PairTrainee.Loop(
            model, config, position => new PositionSource(position) { Share = share }, new CheckpointStore(folder, 0), [], recorder, checkpoint, ranks);
        trainer.Run(TestContext.Current.CancellationToken);
        after?.Invoke(model);
        return recorder.Losses;
    }

    internal sealed class Recorder : ITrainingObserver
    {
        public List<double> Losses { get; } = [];

        public List<string> Checkpoints { get; } = [];

        public List<string> Notices { get; } = [];

        public Action<TrainingProgress>? Then { get; init; }

        public void OnProgress(TrainingProgress progress)
        {
            Losses.Add(progress.Loss);
            Then?.Invoke(progress);
        }

        public void OnEvaluation(TrainState state, IReadOnlyDictionary<string, double> values)
        {
        }

        public void OnCheckpoint(TrainState state, string folder) => Checkpoints.Add(folder);

        public void OnNotice(string message) => Notices.Add(message);
    }

    internal sealed class PositionSource(long position) : IBatchSource
    {
        private long _taken;

        public long SamplesPerEpoch { get; init; } = 1000;

        public long FailsAt { get; init; } = long.MaxValue;

        public int LongestText { get; init; } = 6;

        /// <summary>The part of each batch that is handed out; null for all.</summary>
        public BatchShare? Share { get; init; }

        public long Position => Share is null
            ? position + _taken
            : position + (_taken / Share.Count * Share.Whole) + Share.First + (_taken % Share.Count);

        public IReadOnlyDictionary<string, long> BadSamples { get; init; } = new Dictionary<string, long>();

        public bool IsReady(int size) => true;

        public Batch Next(int size, CancellationToken cancellation = default)
        {
            if (Position >= FailsAt)
            {
                throw new IOException("gone");
            }

            var batch = new Batch(16, 6, new byte[size * 16 * 16 * 3], new int[size * 6], new int[size], new long[size], new int[size]);
            for (var i = 0; i < size; i++)
            {
                var at = Position;
                _taken++;
                var random = new CounterRandom(99, RandomPurpose.Evaluation, item: at);
                batch.Samples[i] = at % SamplesPerEpoch;
                batch.Epochs[i] = (int)(at / SamplesPerEpoch);
                batch.Lengths[i] = 1 + random.NextInt(LongestText);
                for (var t = 0; t < batch.Lengths[i]; t++)
                {
                    batch.Tokens[(i * 6) + t] = 1 + random.NextInt(19);
                }

                foreach (ref var pixel in batch.Images.AsSpan(i * 768, 768))
                {
                    pixel = (byte)random.NextInt(256);
                }
            }

            return batch;
        }

        public bool Disposed { get; private set; }

        public void Dispose() => Disposed = true;
    }
}
