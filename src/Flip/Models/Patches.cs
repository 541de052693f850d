using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// From pixels to rows of patch pixels. Kept patches are gathered before anything is computed on them, so a removed patch
/// costs neither normalisation nor projection.
/// </summary>
internal sealed class Patches : IDisposable
{
    private readonly int _grid;
    private readonly int _patch;
    private readonly Tensor _scale;
    private readonly Tensor _shift;

    public Patches(ImageConfig config, Device device)
    {
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

    /// <param name="images">uint8 0..255 or normalised fp32, <c>[batch, size, size, 3]</c>.</param>
    /// <param name="idsKeep">int64 <c>[batch, kept]</c>, or null for all.</param>
    /// <returns>fp32, normalised, <c>[batch, kept, Dim]</c>.</returns>
    public Tensor Gather(Tensor images, Tensor? idsKeep)
    {
        var (batch, size) = (images.shape[0], _grid * _patch);
        if (images.dim() != 4 || images.shape[1] != size || images.shape[2] != size || images.shape[3] != 3)
        {
            throw new ArgumentException(
                $"Expected images [batch, {size}, {size}, 3], got [{string.Join(", ", images.shape)}].", nameof(images));
        }

        var patches = images
            .view(batch, _grid, _patch, _grid, _patch, 3)
            .permute(0, 1, 3, 2, 4, 5)
            .reshape(batch, _grid * _grid, Dim); // [batch, patches, Dim]
        if (idsKeep is not null)
        {
            patches = SelectRows(patches, idsKeep);
        }

        return images.dtype == ScalarType.Byte ? _shift.PlusProduct(patches.to(ScalarType.Float32), _scale) : patches;
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
