using Flip.Native;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Models;

/// <summary>y = x Wᵀ + b, in fp32 on a processor by the quicker of libtorch's libraries (<see cref="ProductLibrary"/>).</summary>
internal static class LinearProduct
{
    private const long LeastWork = 1 << 24; // multiplications, below which the way to oneDNN costs more than it saves

    /// <param name="rows"><c>[rows, inputs]</c></param>
    /// <param name="weight"><c>[outputs, inputs]</c></param>
    /// <param name="bias"><c>[outputs]</c>; null for none.</param>
    /// <returns><c>[rows, outputs]</c></returns>
    public static Tensor Of(Tensor rows, Tensor weight, Tensor? bias) =>
        ProductLibrary.IsOneDnn && rows.dtype == ScalarType.Float32 && rows.device.type == DeviceType.CPU && rows.shape[0] * weight.shape[0] * weight.shape[1] >= LeastWork
            ? OfOneDnn(rows, weight, bias)
            : functional.linear(rows, weight, bias);

    /// <summary>
    /// By oneDNN, to which libtorch gives convolutions alone: rows are the pixels of one image, weights its kernels of one pixel. Kernels of one pixel look the same at any dilation,
    /// but with a dilation of 1 and a single thread libtorch goes back to MKL.
    /// </summary>
    /// <inheritdoc cref="Of"/>
    internal static Tensor OfOneDnn(Tensor rows, Tensor weight, Tensor? bias)
    {
        using var scope = NewDisposeScope();
        var (count, inputs, outputs) = (rows.shape[0], rows.shape[1], weight.shape[0]);
        var image = rows.contiguous().view(1, count, 1, inputs).permute(0, 3, 1, 2);
        var kernels = weight.contiguous().view(outputs, 1, 1, inputs).permute(0, 3, 1, 2);
        var products = functional.conv2d(image, kernels, bias, dilation: [1, 2]);
        return products.permute(0, 2, 3, 1).view(count, outputs).MoveToOuterDisposeScope();
    }
}
