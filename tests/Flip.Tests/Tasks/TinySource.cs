using Flip.Randomness;
using Flip.Training;

namespace Flip.Tests.Tasks;

/// <summary>A few samples again and again: images of 16 × 16 pixels of noise, and what a task wants of each.</summary>
/// <param name="count">Samples of an epoch.</param>
/// <param name="length">Tokens of a row; 0 for images alone.</param>
/// <param name="position">Samples taken before.</param>
internal abstract class TinySource(int count, int length, long position) : IBatchSource
{
    private const int Size = 16;
    private const int Bytes = Size * Size * 3;

    public long SamplesPerEpoch => count;

    public long Position { get; private set; } = position;

    public IReadOnlyDictionary<string, long> BadSamples { get; } = new Dictionary<string, long>();

    public bool IsReady(int size) => true;

    public Batch Next(int size, CancellationToken cancellation = default)
    {
        var batch = NewBatch(size);
        for (var i = 0; i < size; i++)
        {
            var at = Position++;
            var sample = (int)(at % count);
            (batch.Samples[i], batch.Epochs[i]) = (sample, (int)(at / count));
            var random = new CounterRandom(99, RandomPurpose.Evaluation, item: ImageOf(sample));
            Fill(batch, i, sample, ref random);
            foreach (ref var pixel in batch.Images.AsSpan(i * Bytes, Bytes))
            {
                pixel = (byte)random.NextInt(256);
            }
        }

        return batch;
    }

    public void Dispose()
    {
    }

    /// <summary>A batch without content.</summary>
    protected virtual Batch NewBatch(int size) => new(Size, length, new byte[size * Bytes], new int[size * length], new int[length > 0 ? size : 0], new long[size], new int[size]);

    /// <summary>The image of a sample.</summary>
    protected virtual int ImageOf(int sample) => sample;

    /// <summary>Puts what belongs to a sample beside its image, before the image's pixels are drawn.</summary>
    protected abstract void Fill(Batch batch, int row, int sample, ref CounterRandom random);

    /// <summary>Fills a row of tokens.</summary>
    protected void Write(Batch batch, int row, params ReadOnlySpan<int> tokens)
    {
        tokens.CopyTo(batch.Tokens.AsSpan(row * length));
        batch.Lengths[row] = tokens.Length;
    }
}
