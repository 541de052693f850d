using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Randomness;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>A tiny model and pairs for it that are a function of their number: eight kinds of images, each with its caption, and some noise.</summary>
internal static class SamplePairs
{
    private const int Kinds = 8;
    private const int Size = 16;
    private const int Words = 6;

    public static FlipConfig Config { get; } = new()
    {
        Model = new ModelConfig
        {
            Image = new ImageConfig { ImageSize = Size, PatchSize = 4, Width = 32, Depth = 2, Heads = 2, MaskRatio = 0.5 },
            Text = new TextConfig { VocabularySize = 40, Length = Words, Width = 32, Depth = 2, Heads = 2, AttendPadding = false },
            EmbedDim = 16,
        },
        Train = new TrainConfig { BatchSize = 16, Precision = Precision.Fp32, Seed = 7 },
    };

    public static FlipModel Model(Device device, ScalarType type = ScalarType.Float32) =>
        new(Config.Model, LossKind.InfoNce, type, device, (ulong)Config.Train.Seed);

    public static PairLayout Layout(Device device) => new(Config.Model, (ulong)Config.Train.Seed, device);

    /// <summary>Pairs of whole images, from a number on.</summary>
    public static Batch Batch(int size, long first)
    {
        var batch = new Batch(Size, Words, new byte[size * Size * Size * 3], new int[size * Words], new int[size], new long[size], new int[size]);
        for (var i = 0; i < size; i++)
        {
            var random = new CounterRandom(5, RandomPurpose.Evaluation, item: first + i);
            var kind = random.NextInt(Kinds);
            batch.Samples[i] = first + i;
            batch.Lengths[i] = 2 + random.NextInt(Words - 1);
            for (var word = 0; word < batch.Lengths[i]; word++)
            {
                batch.Tokens[(i * Words) + word] = word == 0 ? 1 + kind : 10 + random.NextInt(30);
            }

            foreach (ref var level in batch.Images.AsSpan(i * Size * Size * 3, Size * Size * 3))
            {
                level = (byte)(((kind + 1) * 24) + random.NextInt(40));
            }
        }

        return batch;
    }
}
