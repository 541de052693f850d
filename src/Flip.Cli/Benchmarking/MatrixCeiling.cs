using System.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Cli.Benchmarking;

/// <summary>What this machine's matrix product reaches at best: the ceiling that a training step is held against.</summary>
internal sealed class MatrixCeiling : IDisposable
{
    private static readonly long[] Sizes = [1024, 2048];
    private readonly List<Tensor> _matrices;

    public MatrixCeiling(ScalarType type, Device device)
    {
        using var scope = NewDisposeScope();
        _matrices = [.. Sizes.Select(size => randn(size, size, device: device).to(type).DetachFromDisposeScope())];
    }

    /// <summary>Best rate of all <see cref="Measure"/> calls, FLOP/s.</summary>
    public double Best { get; private set; }

    /// <summary>Multiplies each square matrix with itself a few times.</summary>
    public void Measure()
    {
        foreach (var matrix in _matrices)
        {
            for (var i = 0; i < 3; i++)
            {
                Best = Math.Max(Best, 2 * Math.Pow(matrix.shape[0], 3) / Seconds(matrix));
            }
        }
    }

    public void Dispose() => _matrices.ForEach(matrix => matrix.Dispose());

    private static double Seconds(Tensor matrix)
    {
        var gpu = matrix.device.type == DeviceType.CUDA;
        var started = Stopwatch.GetTimestamp();
        using var product = matrix.mm(matrix);
        if (gpu)
        {
            cuda.synchronize(matrix.device);
        }

        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
