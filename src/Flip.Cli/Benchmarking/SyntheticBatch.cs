using System.Runtime.InteropServices;
using Flip.Config;
using Flip.Randomness;
using Flip.Training;

namespace Flip.Cli.Benchmarking;

/// <summary>The same pairs of random pixels and random full-length texts again and again.</summary>
internal sealed class SyntheticBatch(ModelConfig model, int size, ulong seed) : IBatchSource
{
    private readonly Batch _batch = Of(model, size, seed);

    public long SamplesPerEpoch => _batch.Size;

    public long Position { get; private set; }

    public IReadOnlyDictionary<string, long> BadSamples { get; } = new Dictionary<string, long>();

    public Batch Next(int size, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(size, _batch.Size);
        Position += size;
        return _batch;
    }

    public void Dispose()
    {
        // Plain memory.
    }

    private static Batch Of(ModelConfig model, int size, ulong seed)
    {
        var (side, length) = (model.Image.ImageSize, model.Text.Length);
        var random = new CounterRandom(seed, RandomPurpose.Evaluation);
        var words = new uint[((long)size * side * side * 3 + 3) / 4];
        foreach (ref var word in words.AsSpan())
        {
            word = random.NextUInt32();
        }

        var tokens = new int[size * length];
        foreach (ref var token in tokens.AsSpan())
        {
            token = random.NextInt(model.Text.VocabularySize);
        }

        var samples = Enumerable.Range(0, size).Select(i => (long)i).ToArray();
        var lengths = Enumerable.Repeat(length, size).ToArray();
        var pixels = MemoryMarshal.AsBytes(words.AsSpan())[..(size * side * side * 3)].ToArray();
        return new Batch(side, length, pixels, tokens, lengths, samples, new int[size]);
    }
}
