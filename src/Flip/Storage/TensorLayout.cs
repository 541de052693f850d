using static TorchSharp.torch;

namespace Flip.Storage;

/// <summary>How a file lays out a parameter, both ways. Only the order of numbers differs, never a number, so a round trip is exact.</summary>
public sealed class TensorLayout
{
    private readonly Func<long[], long[]> _shape;
    private readonly Func<Tensor, Tensor> _toStored;
    private readonly Func<Tensor, Tensor> _toOurs;

    private TensorLayout(Func<long[], long[]> shape, Func<Tensor, Tensor> toStored, Func<Tensor, Tensor> toOurs) =>
        (_shape, _toStored, _toOurs) = (shape, toStored, toOurs);

    /// <summary>As in our own files.</summary>
    public static TensorLayout Same { get; } = new(shape => shape, x => x, x => x);

    /// <summary>A product's matrix as <c>[in, out]</c>, ours <c>[out, in]</c>.</summary>
    public static TensorLayout Transposed { get; } = new(shape => [shape[1], shape[0]], x => x.t(), x => x.t());

    /// <summary>One number without an axis, or with any of length 1; ours <c>[1]</c>.</summary>
    public static TensorLayout Scalar { get; } = new(_ => [], x => x.view([]), x => x.reshape(1));

    /// <summary>A table <c>[1, rows, width]</c>, ours <c>[rows, width]</c>.</summary>
    public static TensorLayout OneTable { get; } = new(shape => [1, .. shape], x => x.unsqueeze(0), x => x.squeeze(0));

    /// <summary>A token <c>[1, 1, width]</c>, ours <c>[width]</c>.</summary>
    public static TensorLayout OneToken { get; } = new(shape => [1, 1, .. shape], x => x.view(1, 1, -1), x => x.reshape(-1));

    /// <summary>The patch projection as PyTorch's convolution <c>[width, 3, P, P]</c>, ours <c>[width, P·P·3]</c>.</summary>
    public static TensorLayout Convolution { get; } = new(
        shape => [shape[0], 3, PatchSize(shape), PatchSize(shape)],
        x => Patch(x).permute(0, 3, 1, 2),
        x => x.permute(0, 2, 3, 1).reshape(x.shape[0], -1));

    /// <summary>The patch projection as Flax's convolution <c>[P, P, 3, width]</c>, ours <c>[width, P·P·3]</c>.</summary>
    public static TensorLayout FlaxConvolution { get; } = new(
        shape => [PatchSize(shape), PatchSize(shape), 3, shape[0]],
        x => Patch(x).permute(1, 2, 3, 0),
        x => x.permute(3, 0, 1, 2).reshape(x.shape[3], -1));

    /// <summary>The shape in the file of a parameter that has <paramref name="shape"/> with us.</summary>
    public IReadOnlyList<long> ShapeOf(long[] shape) => _shape(shape);

    /// <summary>Whether a file's tensor is such a parameter.</summary>
    /// <param name="stored">Its shape in the file.</param>
    /// <param name="wanted">The shape that <see cref="ShapeOf"/> says.</param>
    public bool Accepts(IReadOnlyList<long> stored, IReadOnlyList<long> wanted) =>
        stored.SequenceEqual(wanted) || (ReferenceEquals(this, Scalar) && stored.All(size => size == 1));

    /// <summary>A parameter as the file has it; a view where possible.</summary>
    public Tensor ToStored(Tensor ours) => _toStored(ours);

    /// <summary>A tensor of the file as we have it; a view where possible.</summary>
    public Tensor ToOurs(Tensor stored) => _toOurs(stored);

    private static long PatchSize(long[] shape) => (long)Math.Round(Math.Sqrt(shape[1] / 3.0));

    private static Tensor Patch(Tensor x) => x.view(x.shape[0], PatchSize(x.shape), PatchSize(x.shape), 3);
}
