using Flip.Models;
using Flip.Native;
using Flip.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Optim;

/// <summary>libtorch's fused update, by its kernel for the processor, against our own kernel and against the single operations.</summary>
public sealed class FusedAdamWTests : IDisposable
{
    /// <summary>Of a weight's size, or of 1 where it is smaller: our kernel rounds it once in a step, the others twice, by up to 6e-8 each, in five steps.</summary>
    private const double Tolerance = 9e-7;

    private static readonly long[] Sizes = [70_001, 33, 131_072, 1, 5, 100_000];
    private static readonly double[] Factors = [0.1, 0.1, 1, 1, 0.5, 0.25];

    private readonly FlatParameters _parameters = new();
    private readonly DisposeScope _scope;
    private readonly Tensor _start;
    private readonly Tensor[] _gradients;

    public FusedAdamWTests()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only the libtorch of Linux is called past TorchSharp.");
        foreach (var (i, size) in Sizes.Index())
        {
            _parameters.Add($"p{i}", [size], Initializer.Normal(1), decays: i % 2 == 0);
        }

        _parameters.Allocate(ScalarType.BFloat16, CPU, 5, trains: true);
        _scope = NewDisposeScope();
        _start = _parameters.Master.clone();
        using var generator = new Generator(6);
        _gradients = [.. Enumerable.Range(0, 5).Select(_ => randn(_parameters.Count, generator: generator))];
    }

    public void Dispose()
    {
        _scope.Dispose();
        _parameters.Dispose();
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(1, true)]
    [InlineData(0.23, false)]
    [InlineData(0.23, true)]
    public void Weights_and_moments_are_those_of_our_kernel_and_of_the_operations(double gradientScale, bool rates)
    {
        Func<Parameter, double>? factor = rates ? parameter => Factors[parameter.Name[1] - '0'] : null;
        var kernel = Train(factor, (optimizer, rate) => optimizer.Step(rate, gradientScale));
        var fused = Train(factor, (optimizer, rate) => Fused(optimizer, rate, gradientScale));
        var single = Train(factor, (optimizer, rate) => ByOperations(optimizer, rate, gradientScale));
        foreach (var other in new[] { fused, single })
        {
            AssertNear(kernel.Weights, other.Weights);
            AssertNear(kernel.First, other.First);
            AssertNear(kernel.Second, other.Second);
            Assert.True(other.Compute.equal(other.Weights.to(ScalarType.BFloat16)).all().ToBoolean());
        }

        Assert.True((fused.Weights - _start).abs().max().ToSingle() > 1e-2);
    }

    /// <summary>Without a rate nothing moves, and with one a gradient of 0 leaves the decay alone: (1 - 0.5·0.2) of each weight that decays.</summary>
    [Fact]
    public void Decay_takes_the_rates_share_of_the_weights_that_decay()
    {
        using var optimizer = NewOptimizer();
        _parameters.Gradient.zero_();
        Fused(optimizer, 0, 1);
        Assert.True(_parameters.Master.equal(_start).all().ToBoolean());

        Fused(optimizer, 0.5, 1);
        var decayed = _parameters.DecayedCount;
        AssertNear(_start.narrow(0, 0, decayed) * 0.9, _parameters.Master.narrow(0, 0, decayed));
        Assert.True(_parameters.Master.narrow(0, decayed, _parameters.Count - decayed).equal(_start.narrow(0, decayed, _parameters.Count - decayed)).all().ToBoolean());
    }

    [Fact]
    public void A_resumed_optimiser_corrects_the_moments_for_the_steps_of_the_checkpoint()
    {
        var kernel = Train(null, (optimizer, rate) => optimizer.Step(rate), steps: 20_000);
        var fused = Train(null, (optimizer, rate) => Fused(optimizer, rate, 1), steps: 20_000);
        AssertNear(kernel.Weights, fused.Weights);

        // The moments begin at 0, and after 20 000 steps nothing corrects that: the weights move by about half.
        var fresh = Train(null, (optimizer, rate) => Fused(optimizer, rate, 1));
        Assert.True((fresh.Weights - fused.Weights).abs().max().ToSingle() > 5e-3);
    }

    [Fact]
    public void Where_libtorch_lacks_the_interface_the_operations_step()
    {
        var without = Train(null, (optimizer, rate) =>
        {
            optimizer.Steps++;
            optimizer.StepByLibtorch(null, rate, 0.5);
        });
        var operations = Train(null, (optimizer, rate) => ByOperations(optimizer, rate, 0.5));
        Assert.True(without.Weights.equal(operations.Weights).all().ToBoolean());
    }

    [Fact]
    public void Tensors_that_do_not_go_together_are_refused_before_libtorch_reads_them()
    {
        using var fused = new FusedAdamW(LibTorchDispatcher.Loaded!, new AdamWOptions(0.9, 0.95, 1e-8, 0.2), CPU);
        Tensor[] two = [zeros(4), zeros(3)];
        string Refusal(params Tensor[] gradients) => Assert.ThrowsAny<ArgumentException>(() => fused.Update(two, gradients, two, two, 1, true)).Message;
        fused.Begin(1, 1);
        Assert.StartsWith("Expected Float32 [3] on cpu and contiguous, got Float32 [2] on cpu.", Refusal(zeros(4), zeros(2)), StringComparison.Ordinal);
        Assert.Contains("got BFloat16 [4] on cpu.", Refusal(zeros(4, ScalarType.BFloat16), zeros(3)), StringComparison.Ordinal);
        Assert.Contains("got Float32 [3] on cpu, not contiguous.", Refusal(zeros(4), zeros(3, 2).select(1, 0)), StringComparison.Ordinal);
        Assert.Contains("gradients", Refusal(zeros(4)), StringComparison.Ordinal);
    }

    private static void Fused(AdamW optimizer, double learningRate, double gradientScale)
    {
        optimizer.Steps++;
        optimizer.StepByLibtorch(LibTorchDispatcher.Loaded!, learningRate, gradientScale);
    }

    private void ByOperations(AdamW optimizer, double learningRate, double gradientScale)
    {
        optimizer.Steps++;
        optimizer.StepByOperations(learningRate, gradientScale);
        _parameters.CastToCompute();
    }

    /// <summary>What five steps make of the first weights.</summary>
    private Trained Train(Func<Parameter, double>? factor, Action<AdamW, double> step, long steps = 0)
    {
        using var optimizer = NewOptimizer(factor);
        optimizer.Steps = steps;
        _parameters.Master.copy_(_start);
        foreach (var (i, gradient) in _gradients.Index())
        {
            _parameters.Gradient.copy_(gradient);
            step(optimizer, 1e-2 / (i + 1));
        }

        Assert.Equal(steps + _gradients.Length, optimizer.Steps);
        return new Trained(_parameters.Master.clone(), optimizer.FirstMoment.clone(), optimizer.SecondMoment.clone(), _parameters.Compute!.clone());
    }

    private AdamW NewOptimizer(Func<Parameter, double>? factor = null) => new(_parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2), factor);

    private static void AssertNear(Tensor expected, Tensor actual) =>
        Assert.InRange(((expected - actual).abs() / expected.abs().clamp_min(1)).max().ToSingle(), 0, Tolerance);

    private sealed record Trained(Tensor Weights, Tensor First, Tensor Second, Tensor Compute);
}
