using System.Globalization;
using System.IO.Compression;
using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>
/// A zarr array (version 2): a folder with the file <c>.zarray</c> and a file for every chunk, named by its indices with dots. Chunks that are not
/// there hold the fill value, at most <see cref="MaxFilledBytes"/> of them; an array without fill value must have all, so that a folder
/// copied in part is noticed. Chunks are unpacked as they are copied: memory is asked for the array alone, and only once the files are
/// long enough for it.
/// </summary>
internal sealed class ZarrArray : IFlaxArray
{
    private const long MaxFilledBytes = 1 << 24;

    /// <summary>No deflate stream unpacks to more.</summary>
    private const long MaxGzipRatio = 1032;

    private readonly string _folder;
    private readonly ZarrMetadata _metadata;

    /// <exception cref="CheckpointFormatException">There is no <c>.zarray</c>, or one that is not read.</exception>
    public ZarrArray(string folder, string tensor)
    {
        _folder = folder;
        var path = Path.Combine(folder, ".zarray");
        _metadata = File.Exists(path)
            ? ZarrMetadata.Load(path, tensor)
            : throw new CheckpointFormatException(folder, tensor, "the folder with its chunks, or the file .zarray in it, is missing");
    }

    /// <summary>What the elements are, where that is not what the folder says.</summary>
    public string? ReadAs { get; init; }

    public string Type => ReadAs ?? _metadata.Type;

    public IReadOnlyList<long> Shape => _metadata.Shape;

    public long CheckData(string name)
    {
        var (missing, stored) = (_metadata.Bytes, 0L);
        foreach (var (index, path) in Chunks())
        {
            missing -= ValidCounts(index).Aggregate((long)_metadata.ElementSize, (bytes, count) => bytes * count);
            var length = new FileInfo(path).Length;
            stored += length;
            if (_metadata.IsGzip ? length < _metadata.ChunkBytes / MaxGzipRatio : length != _metadata.ChunkBytes)
            {
                throw new CheckpointFormatException(path, name, $"{length} bytes cannot be a chunk of {_metadata.ChunkBytes}");
            }
        }

        if (missing > (_metadata.FillElement is null ? 0 : MaxFilledBytes))
        {
            throw new CheckpointFormatException(_folder, name, $"chunks with {missing} of its {_metadata.Bytes} bytes are missing");
        }

        return stored;
    }

    public void Read(string name, TensorBytes destination)
    {
        // Chunks may be missing where there is a fill value, and only small arrays are then filled for nothing.
        if (_metadata.FillElement is { } fill)
        {
            destination.Repeat(fill);
        }

        foreach (var (index, path) in Chunks())
        {
            try
            {
                using var file = TensorFile.OpenRead(path);
                using Stream chunk = _metadata.IsGzip ? new BufferedStream(new GZipStream(file, CompressionMode.Decompress), 1 << 14) : file;
                Copy(index, chunk, destination);
                if (chunk.ReadByte() >= 0)
                {
                    throw new CheckpointFormatException(path, name, $"the chunk goes on behind its {_metadata.ChunkBytes} bytes");
                }
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException)
            {
                throw new CheckpointFormatException(path, name, $"the chunk is damaged ({e.Message.TrimEnd('.')})", e);
            }
        }
    }

    /// <summary>The chunks that are there: their place in the grid and their file. Other files are not ours to judge.</summary>
    private IEnumerable<(long[] Index, string Path)> Chunks()
    {
        if (_metadata.Bytes == 0)
        {
            yield break;
        }

        foreach (var path in Directory.EnumerateFiles(_folder))
        {
            if (Parse(Path.GetFileName(path)) is { } index)
            {
                yield return (index, path);
            }
        }
    }

    private long[]? Parse(string name)
    {
        var rank = _metadata.Shape.Length;
        if (rank == 0)
        {
            return name == "0" ? [] : null;
        }

        var parts = name.Split('.');
        if (parts.Length != rank)
        {
            return null;
        }

        var index = new long[rank];
        for (var i = 0; i < rank; i++)
        {
            if (!long.TryParse(parts[i], NumberStyles.None, CultureInfo.InvariantCulture, out index[i])
                || index[i].ToString(CultureInfo.InvariantCulture) != parts[i]
                || index[i] > (_metadata.Shape[i] - 1) / _metadata.Chunks[i])
            {
                return null;
            }
        }

        return index;
    }

    /// <summary>How many indices of each dimension of a chunk lie within the array.</summary>
    private long[] ValidCounts(long[] index) =>
        [.. index.Select((place, i) => Math.Min(_metadata.Chunks[i], _metadata.Shape[i] - (place * _metadata.Chunks[i])))];

    /// <summary>
    /// Copies a chunk in its own order. A run is what lies together in chunk and array: the last dimensions that the chunk spans whole, and
    /// the one before them. What lies outside the array is read and dropped.
    /// </summary>
    private void Copy(long[] index, Stream chunk, TensorBytes destination)
    {
        var (shape, chunks) = (_metadata.Shape, _metadata.Chunks);
        var valid = ValidCounts(index);
        var dimension = shape.Length - 1;
        var unit = (long)_metadata.ElementSize;
        for (; dimension > 0 && chunks[dimension] == shape[dimension]; dimension--)
        {
            unit *= shape[dimension];
        }

        var run = dimension < 0 ? unit : unit * valid[dimension];
        var padding = dimension < 0 ? 0 : unit * (chunks[dimension] - valid[dimension]);
        var within = new long[Math.Max(dimension, 0)];
        ReadSpan read = chunk.ReadExactly;
        do
        {
            if (IsInside(within, valid))
            {
                destination.Fill(Offset(index, within, dimension) * unit, run, read);
                Drop(chunk, padding);
            }
            else
            {
                Drop(chunk, run + padding);
            }
        }
        while (Next(within, chunks));
    }

    /// <summary>Where a run begins in the array, in units of what lies behind the given dimension.</summary>
    private long Offset(long[] index, long[] within, int dimension)
    {
        var offset = 0L;
        for (var i = 0; i <= dimension; i++)
        {
            offset = (offset * _metadata.Shape[i]) + (index[i] * _metadata.Chunks[i]) + (i < within.Length ? within[i] : 0);
        }

        return offset;
    }

    private static bool IsInside(long[] within, long[] valid)
    {
        for (var i = 0; i < within.Length; i++)
        {
            if (within[i] >= valid[i])
            {
                return false;
            }
        }

        return true;
    }

    private static bool Next(long[] within, long[] sizes)
    {
        for (var i = within.Length - 1; i >= 0; i--)
        {
            if (++within[i] < sizes[i])
            {
                return true;
            }

            within[i] = 0;
        }

        return false;
    }

    private static void Drop(Stream stream, long count)
    {
        Span<byte> dropped = stackalloc byte[4096];
        while (count > 0)
        {
            var part = dropped[..(int)Math.Min(dropped.Length, count)];
            stream.ReadExactly(part);
            count -= part.Length;
        }
    }
}
