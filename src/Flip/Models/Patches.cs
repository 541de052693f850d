using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// From pixels to rows of patch pixels. Kept patches are gathered before anything is computed on them, so a removed patch
/// costs neither normalisation nor projection.
/// </summary>
internal sealed class Patches : IDisposable
{
    private readonly int _size;
    private readonly int _grid;
    private readonly int _patch;
    private readonly Tensor _scale;
    private readonly Tensor _shift;

    public Patches(ImageConfig config, Device device)
    {
        _size = config.ImageSize;
        _grid = config.GridSize();
        _patch = config.PatchSize;
        var (mean, deviation) = PixelStatistics.Of(config.Normalization);
        using var scope = NewDisposeScope();
        var inverse = tensor(deviation, device: device).Times(255.0).reciprocal();
        _scale = inverse.repeat(_patch * _patch).DetachFromDisposeScope();
        _shift = (-tensor(mean, device: device) / tensor(deviation, device: device)).repeat(_patch * _patch).DetachFromDisposeScope();
    }

    /// <summary>Pixels of a patch, row by row, channels last: the order of a Flax patch kernel.</summary>
    public int Dim => _patch * _patch * 3;

    /// <summary>Copies patches of an image on the processor, as <see cref="Gather"/> does on a device.</summary>
    /// <param name="image">RGB pixels, <c>[size, size, 3]</c>.</param>
    /// <param name="size">Height and width of the image, pixels; what is behind the last whole patch is passed over.</param>
    /// <param name="grid">Patches along a side.</param>
    /// <param name="patch">Height and width of a patch, pixels.</param>
    /// <param name="ids">Indices of the patches, row-major in the grid; empty for all in order.</param>
    /// <param name="to"><c>[ids, patch · patch · 3]</c></param>
    public static void Copy(ReadOnlySpan<byte> image, int size, int grid, int patch, ReadOnlySpan<long> ids, Span<byte> to)
    {
        var (row, line) = (size * 3, patch * 3);
        var count = ids.IsEmpty ? grid * grid : ids.Length;
        for (var i = 0; i < count; i++)
        {
            var id = ids.IsEmpty ? i : (int)ids[i];
            var from = (id / grid * patch * row) + (id % grid * line);
            for (var y = 0; y < patch; y++)
            {
                image.Slice(from + (y * row), line).CopyTo(to[(((i * patch) + y) * line)..]);
            }
        }
    }

    /// <summary>Patches of pixels.</summary>
    /// <param name="images">uint8 0..255 or normalised fp32, <c>[batch, size, size, 3]</c>.</param>
    /// <param name="idsKeep">int64 <c>[batch, kept]</c>, or null for all.</param>
    /// <returns>fp32, normalised, <c>[batch, kept, Dim]</c>.</returns>
    public Tensor Gather(Tensor images, Tensor? idsKeep)
    {
        var (batch, size, seen) = (images.shape[0], _size, _grid * _patch);
        if (images.dim() != 4 || images.shape[1] != size || images.shape[2] != size || images.shape[3] != 3)
        {
            throw new ArgumentException(
                $"Expected images [batch, {size}, {size}, 3], got [{string.Join(", ", images.shape)}].", nameof(images));
        }

        using var scope = NewDisposeScope();
        var whole = seen == size ? images : images.narrow(1, 0, seen).narrow(2, 0, seen).contiguous();
        var patches = whole
            .view(batch, _grid, _patch, _grid, _patch, 3)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(batch, _grid * _grid, Dim); // [batch, patches, Dim]
        return Normalize(idsKeep is null ? patches : SelectRows(patches, idsKeep)).MoveToOuterDisposeScope();
    }

    /// <summary>Levels to what the tower reads.</summary>
    /// <param name="patches">uint8 0..255, or normalised fp32, <c>[batch, patches, Dim]</c>.</param>
    /// <returns>fp32, normalised, of the same shape.</returns>
    public Tensor Normalize(Tensor patches)
    {
        using var scope = NewDisposeScope();
        return (patches.dtype == ScalarType.Byte ? _shift.PlusProduct(patches.to(ScalarType.Float32), _scale) : patches.alias()).MoveToOuterDisposeScope();
    }

    /// <summary>Rows of a batched table: <c>[batch, rows, dim]</c> by <c>[batch, kept]</c> to <c>[batch, kept, dim]</c>.</summary>
    public static Tensor SelectRows(Tensor table, Tensor ids)
    {
        var (batch, rows, dim) = (table.shape[0], table.shape[1], table.shape[2]);
        var offsets = TensorMath.Range(batch, ids.device).Times(rows).unsqueeze(1);
        return table.reshape(batch * rows, dim).index_select(0, ids.Plus(offsets).view(-1)).view(batch, ids.shape[1], dim);
    }

    public void Dispose()
    {
        _scale.Dispose();
        _shift.Dispose();
    }
}
