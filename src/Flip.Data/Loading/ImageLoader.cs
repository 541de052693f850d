using System.Collections.Concurrent;
using Flip.Collectives;
using Flip.Data.Images;

namespace Flip.Data.Loading;

/// <summary>The images of a source in order, each once, decoded on several threads a little ahead.</summary>
/// <param name="source">The images.</param>
/// <param name="transform">Turns image files into pixels.</param>
/// <param name="workers">Decoding threads; 0 takes the processor count.</param>
/// <param name="allowMissing">Whether images that cannot be used are left out of their batches; they are an error else.</param>
public sealed class ImageLoader(IImageSource source, IImageTransform transform, int workers = 0, bool allowMissing = false)
{
    private const int BatchesAhead = 2;

    private readonly int _bytesPerImage = transform.Size * transform.Size * 3;

    /// <summary>The images.</summary>
    public IImageSource Source => source;

    /// <summary>Reads a batch for every <paramref name="batchSize"/> images of the source, also where some of them are left out.
    /// A batch is valid until the next one is asked for.</summary>
    /// <param name="batchSize">Images of a batch; the last may have fewer.</param>
    /// <param name="first">The first image.</param>
    /// <param name="turn">Which of the batches are read; the others' images are not opened.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">The pixels of a batch do not fit in an array.</exception>
    /// <exception cref="EvaluationDataException">An image cannot be used, and that is not allowed.</exception>
    public IEnumerable<ImageBatch> Read(int batchSize, int first = 0, Turn turn = default, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(batchSize);
        ArgumentOutOfRangeException.ThrowIfNegative(first);
        BatchSizeLimit.Check("eval.batchSize", Math.Min(batchSize, source.Count), transform.Size);
        return ReadBatches(batchSize, first, turn, cancellation);
    }

    private IEnumerable<ImageBatch> ReadBatches(int batchSize, int first, Turn turn, CancellationToken cancellation)
    {
        using var files = source.Open();
        using var pipeline = new RowPipeline<Block>(workers, (block, row) => Fill(files, block, row));
        var spare = new Stack<byte[]>();
        var planned = first + ((long)turn.Rank * batchSize);
        while (planned < source.Count || pipeline.Count > 0)
        {
            while (planned < source.Count && pipeline.Count < BatchesAhead)
            {
                var rows = (int)Math.Min(batchSize, source.Count - planned);
                var bytes = rows * _bytesPerImage;
                pipeline.Put(new Block(
                    (int)planned, rows, spare.TryPop(out var used) && used.Length == bytes ? used : GC.AllocateUninitializedArray<byte>(bytes)));
                planned += (long)turn.Step * batchSize;
            }

            var block = pipeline.Take(cancellation);
            yield return ToBatch(block);
            spare.Push(block.Pixels);
        }
    }

    private void Fill(IImageReader files, Block block, int row)
    {
        var image = block.First + row;
        try
        {
            using var bytes = files.Read(image);
            transform.Apply(bytes.Span, 0, image, block.Pixels.AsSpan(row * _bytesPerImage, _bytesPerImage));
        }
        catch (BadSampleException e) when (allowMissing)
        {
            block.Missing[row] = e.Message;
        }
        catch (BadSampleException e)
        {
            throw new EvaluationDataException($"The image {source.Describe(image)} cannot be used: {e.Message}", e);
        }
    }

    /// <summary>Moves the images together where some are missing.</summary>
    private ImageBatch ToBatch(Block block)
    {
        var present = Enumerable.Range(0, block.Rows).Where(row => !block.Missing.ContainsKey(row)).ToArray();
        foreach (var (place, row) in present.Index().Where(moved => moved.Index != moved.Item))
        {
            block.Pixels.AsSpan(row * _bytesPerImage, _bytesPerImage).CopyTo(block.Pixels.AsSpan(place * _bytesPerImage));
        }

        return new ImageBatch(transform.Size, block.Pixels, Array.ConvertAll(present, row => block.First + row))
        {
            Missing = block.Missing.ToDictionary(missing => block.First + missing.Key, missing => missing.Value),
        };
    }

    /// <summary>A batch in the making.</summary>
    private sealed class Block(int first, int rows, byte[] pixels) : RowBlock(rows)
    {
        public int First { get; } = first;

        public byte[] Pixels { get; } = pixels;

        public ConcurrentDictionary<int, string> Missing { get; } = new(concurrencyLevel: 1, capacity: 0);
    }
}
