using System.Runtime.InteropServices;
using Flip.Config;
using Flip.Randomness;
using Flip.Training;

namespace Flip.Tasks.Benchmarking;

/// <summary>The same pairs of random pixels and random full-length texts again and again, laid out for steps at one mask ratio.</summary>
internal sealed class SyntheticBatch : IBatchSource
{
    private const int Different = 64; // pixels and words have no effect on the time

    private readonly List<Batch> _parts = [];
    private int _next;

    /// <param name="layout">How a step gets them.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed.</param>
    /// <param name="size">Pairs of a batch.</param>
    /// <param name="part">Pairs of a part; the last one may be smaller.</param>
    public SyntheticBatch(PairLayout layout, double maskRatio, int size, int part)
    {
        SamplesPerEpoch = size;
        var few = Of(layout.Model, Math.Min(Different, size), layout.Seed);
        for (var start = 0; start < size; start += part)
        {
            _parts.Add(Part(layout, maskRatio, few, Math.Min(part, size - start)));
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

    private static Batch Part(PairLayout layout, double maskRatio, Batch few, int count)
    {
        var (pixels, length) = (few.ImageSize * few.ImageSize * 3, few.TextLength);
        var rows = new PairRows(layout, count, maskRatio);
        var (tokens, lengths) = (new int[count * length], new int[count]);
        for (var row = 0; row < count; row++)
        {
            var from = row % few.Size;
            var words = few.Tokens.AsSpan(from * length, length);
            words.CopyTo(tokens.AsSpan(row * length));
            lengths[row] = few.Lengths[from];
            rows.Fill(row, few.Images.AsSpan(from * pixels, pixels), words, lengths[row], 0, row);
        }

        rows.Finish(tokens, lengths);
        return new Batch(few.ImageSize, length, [], tokens, lengths, new long[count], new int[count]) { Rows = rows };
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
