using System.Diagnostics;
using Flip.Devices;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Benchmarking;

/// <summary>What this machine's matrix product reaches at best: the ceiling that a training step is held against.</summary>
internal sealed class MatrixCeiling : IDisposable
{
    private static readonly long[] Sizes = [1024, 2048];
    private const long SizeOnGpu = 8192; // smaller products do not fill one
    private const int ProductsOnGpu = 20; // to one wait, whose latency is then nothing
    private const int Tries = 3;

    private readonly List<Tensor> _matrices;

    public MatrixCeiling(ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        _matrices = [.. (device.type == DeviceType.CUDA ? [SizeOnGpu] : Sizes).Select(size => randn(size, size, device: device).to(type).DetachFromDisposeScope())];
    }

    /// <summary>Best rate of all <see cref="Measure"/> calls, FLOP/s.</summary>
    public double Best { get; private set; }

    /// <summary>Multiplies each square matrix with itself a few times.</summary>
    public void Measure()
    {
        foreach (var matrix in _matrices)
        {
            var products = matrix.device.type == DeviceType.CUDA ? ProductsOnGpu : 1;
            for (var i = 0; i < Tries; i++)
            {
                Best = Math.Max(Best, products * 2 * Math.Pow(matrix.shape[0], 3) / Seconds(matrix, products));
            }
        }
    }

    public void Dispose() => _matrices.ForEach(matrix => matrix.Dispose());

    private static double Seconds(Tensor matrix, int products)
    {
        DeviceTraffic.Wait(matrix.device);
        var started = Stopwatch.GetTimestamp();
        for (var i = 0; i < products; i++)
        {
            LinearProduct.Of(matrix, matrix, null).Dispose(); // as layers do
        }

        DeviceTraffic.Wait(matrix.device);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
