using BenchmarkDotNet.Attributes;
using Flip.Kernels;
using Flip.Models;
using Flip.Native;
using Flip.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Benchmarks;

/// <summary>Our passes over memory beside libtorch's: activation of one ViT-B/16 block at batch 8, update and copies of 64 million weights.</summary>
public class KernelBenchmarks
{
    private const int Weights = 64_000_000;
    private readonly FlatParameters _parameters = new();
    private DisposeScope _scope = null!;
    private AdamW _optimizer = null!;
    private Tensor _copy = null!;
    private Tensor _activation = null!;
    private Tensor _gradient = null!;

    [GlobalSetup]
    public void Setup()
    {
        set_num_threads(Environment.ProcessorCount);
        _scope = NewDisposeScope();
        _parameters.Add("weights", [Weights], Initializer.Constant(0.01), decays: true);
        _parameters.Allocate(ScalarType.BFloat16, CPU, 0, trains: true);
        _parameters.Gradient.fill_(1e-3);
        _optimizer = new AdamW(_parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));
        _copy = zeros_like(_parameters.Master);
        _activation = randn(8 * 196, 3072).to(ScalarType.BFloat16);
        _gradient = randn(8 * 196, 3072).to(ScalarType.BFloat16);
    }

    [GlobalCleanup]
    public void Cleanup()
    {
        _scope.Dispose();
        _optimizer.Dispose();
        _parameters.Dispose();
    }

    /// <summary>The memory's speed: 8 bytes a weight.</summary>
    [Benchmark]
    public void CopyOfWeights() => _copy.copy_(_parameters.Master);

    /// <summary>30 bytes a weight.</summary>
    [Benchmark]
    public void AdamWInOnePass() => _optimizer.Step(1e-4);

    /// <summary>The same by libtorch's fused operator, as on a GPU: 28 bytes a weight, and 6 for the copy.</summary>
    [Benchmark]
    public void AdamWFused() => StepByLibtorch(LibTorchDispatcher.Loaded ?? throw new InvalidOperationException("This libtorch has no dispatcher for others."));

    /// <summary>The same by libtorch's operations: 80 bytes a weight, and 6 for the copy.</summary>
    [Benchmark]
    public void AdamWByOperations() => StepByLibtorch(null);

    /// <summary>12 bytes a weight.</summary>
    [Benchmark]
    public void GatheringOfGradients() => _parameters.AccumulateGradient();

    [Benchmark]
    public void GeluForward() => SigmoidGate.Forward(_activation, SigmoidGate.Shape.GeluTanh).Dispose();

    [Benchmark]
    public void GeluForwardOfLibtorch() => nn.functional.gelu(_activation, TorchSharp.Modules.GELU.Approximate.tanh).Dispose();

    [Benchmark]
    public void GeluBackward() => SigmoidGate.Backward(_activation, _gradient, SigmoidGate.Shape.GeluTanh).Dispose();

    private void StepByLibtorch(LibTorchDispatcher? dispatcher)
    {
        _optimizer.Steps++;
        _optimizer.StepByLibtorch(dispatcher, 1e-4, 1);
    }
}
