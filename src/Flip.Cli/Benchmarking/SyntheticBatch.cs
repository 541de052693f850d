using System.Runtime.InteropServices;
using Flip.Config;
using Flip.Randomness;
using Flip.Training;

namespace Flip.Cli.Benchmarking;

/// <summary>The same pairs of random pixels and random full-length texts again and again, laid out for steps at one mask ratio.</summary>
internal sealed class SyntheticBatch : IBatchSource
{
    private readonly List<Batch> _parts = [];
    private int _next;

    /// <param name="layout">How a step gets them.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed.</param>
    /// <param name="size">Pairs of a batch.</param>
    /// <param name="part">Pairs of a part; the last one may be smaller.</param>
    public SyntheticBatch(PairLayout layout, double maskRatio, int size, int part)
    {
        SamplesPerEpoch = size;
        var some = Of(layout.Model, Math.Min(part, size), layout.Seed);
        for (var start = 0; start < size; start += part)
        {
            // Pixels have no effect on the time, so one part's serve all.
            var count = Math.Min(part, size - start);
            _parts.Add(new Batch(some.ImageSize, some.TextLength, [], [], [], some.Samples[..count], []) { Rows = PairRows.Of(some, 0, count, layout, maskRatio) });
        }
    }

    public long SamplesPerEpoch { get; }

    public long Position { get; private set; }

    public IReadOnlyDictionary<string, long> BadSamples { get; } = new Dictionary<string, long>();

    public bool IsReady(int size) => true;

    public Batch Next(int size, CancellationToken cancellation = default)
    {
        var part = _parts[_next++ % _parts.Count];
        ArgumentOutOfRangeException.ThrowIfNotEqual(size, part.Size);
        Position += size;
        return part;
    }

    public void Dispose() => _parts.ForEach(part => part.Rows!.Dispose());

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
