using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace Flip.Ingest.Packing;

/// <summary>
/// The vectors of the images that were kept, and the search for one that is alike. It is exact: each image is compared with all before it, at a cost that reaches that of embedding it only
/// after some ten million images. Memory grows by 4·D bytes an image.
/// </summary>
/// <param name="vectors">The model.</param>
/// <param name="alike">The inner product from which on two images show the same.</param>
internal sealed class AlikeImages(IImageVectors vectors, double alike)
{
    private const int BlockRows = 4096; // two megabytes of 128 numbers each, which a processor's cache holds

    private readonly List<float[]> _blocks = [];
    private int _count;
    private int _batchStart; // vectors from here on were kept since the batch began, which was not compared with them

    /// <summary>Width D of a vector.</summary>
    public int Dim => vectors.Dim;

    /// <summary>Entries of a source that are embedded together, also those without an image: batches do not depend on where a start goes on.</summary>
    public int BatchSize => vectors.BatchSize;

    /// <summary>Gives samples their vectors, a batch at a time, and finds what came before the batch. To be read in order, each sample taken or left before the next.</summary>
    /// <param name="samples">Samples, from the beginning of a batch on.</param>
    public IEnumerable<PackedSample> Embed(IEnumerable<PackedSample> samples)
    {
        foreach (var batch in samples.Chunk(BatchSize))
        {
            _batchStart = _count;
            PackedSample[] present = [.. batch.Where(sample => sample.Drop is null)];
            var embedded = present.Length > 0 ? vectors.Embed([.. present.Select(sample => sample.Image!.Content)]) : [];
            var nearest = Nearest(embedded);
            var next = 0;
            foreach (var sample in batch)
            {
                yield return sample.Drop is not null ? sample : sample with { Vector = embedded[next], Nearest = nearest[next++] };
            }
        }
    }

    /// <summary>Whether an image that was kept is alike.</summary>
    public bool IsSeen(PackedSample sample) =>
        sample.Vector is { } vector && (sample.Nearest >= alike || Enumerable.Range(_batchStart, _count - _batchStart).Any(row => TensorPrimitives.Dot(Row(row), vector) >= alike));

    /// <summary>Keeps an image's vector.</summary>
    public void Take(ReadOnlySpan<float> vector)
    {
        var row = _count % BlockRows;
        if (row == 0)
        {
            _blocks.Add(GC.AllocateUninitializedArray<float>(BlockRows * Dim));
        }

        vector.CopyTo(_blocks[^1].AsSpan(row * Dim));
        _count++;
    }

    /// <summary>The highest product of each with any vector that was kept; the lowest number where there is none.</summary>
    private float[] Nearest(IReadOnlyList<float[]?> batch)
    {
        var nearest = new float[batch.Count];
        Array.Fill(nearest, float.MinValue);
        for (var first = 0; first < _count; first += BlockRows)
        {
            var end = Math.Min(first + BlockRows, _count);
            Parallel.For(0, batch.Count, i =>
            {
                for (var row = first; batch[i] is { } vector && row < end; row++)
                {
                    nearest[i] = Math.Max(nearest[i], TensorPrimitives.Dot(Row(row), vector));
                }
            });
        }

        return nearest;
    }

    private ReadOnlySpan<float> Row(int row) => _blocks[row / BlockRows].AsSpan(row % BlockRows * Dim, Dim);

    /// <summary>A vector as bytes, little-endian.</summary>
    public static ReadOnlySpan<byte> BytesOf(float[] vector) => MemoryMarshal.AsBytes(vector.AsSpan());
}
