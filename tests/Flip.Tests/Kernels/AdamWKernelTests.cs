using Flip.Models;
using Flip.Optim;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Kernels;

/// <summary>The one-pass update and gathering against libtorch's operations.</summary>
[Collection(Alone.Name)] // the number of threads is the process's
public sealed class AdamWKernelTests : IDisposable
{
    private const int Count = 300_007; // several ranges of a thread
    private readonly FlatParameters _parameters = new();
    private readonly DisposeScope _scope;

    public AdamWKernelTests()
    {
        _parameters.Add("decayed", [Count - 131_073], Initializer.Normal(1), decays: true);
        _parameters.Add("kept", [131_073], Initializer.Normal(1), decays: false);
        _parameters.Allocate(ScalarType.BFloat16, CPU, 5, trains: true);
        _scope = NewDisposeScope();
        _parameters.Gradient.copy_(randn(_parameters.Count, generator: new Generator(6)));
    }

    public void Dispose()
    {
        _scope.Dispose();
        _parameters.Dispose();
    }

    [Theory]
    [InlineData(1)]
    [InlineData(0.25)]
    public void One_pass_equals_the_operations_in_weights_and_moments(double gradientScale)
    {
        using var fast = NewOptimizer();
        using var slow = NewOptimizer();
        var start = _parameters.Master.clone();
        for (var step = 1; step <= 3; step++)
        {
            fast.Step(1e-3, gradientScale);
        }

        var weights = _parameters.Master.clone();
        _parameters.Master.copy_(start);
        for (var step = 1; step <= 3; step++)
        {
            slow.Steps = step;
            slow.StepByOperations(1e-3, gradientScale);
        }

        Assert.Equal(slow.Steps, fast.Steps);
        AssertNear(_parameters.Master, weights, 3e-7);
        AssertNear(slow.FirstMoment, fast.FirstMoment, 3e-7);
        AssertNear(slow.SecondMoment, fast.SecondMoment, 3e-7);
        Assert.True((weights - start).abs().max().ToSingle() > 1e-3);
    }

    [Fact]
    public void One_pass_with_a_rate_for_each_parameter_equals_the_operations_on_each_by_itself()
    {
        using var parameters = new FlatParameters();
        double[] factors = [0.1, 0.1, 1, 0.5, 0.25];
        foreach (var (i, count) in new long[] { 70_001, 33, 131_072, 5, 100_000 }.Index())
        {
            parameters.Add($"p{i}", [count], Initializer.Normal(1), decays: i % 2 == 0);
        }

        parameters.Allocate(ScalarType.BFloat16, CPU, 5, trains: true);
        parameters.Gradient.copy_(randn(parameters.Count, generator: new Generator(6)));
        double Factor(Parameter parameter) => factors[parameter.Name[1] - '0'];
        var options = new AdamWOptions(0.9, 0.999, 1e-8, 0.05);
        using var fast = new AdamW(parameters, options, Factor);
        using var slow = new AdamW(parameters, options, Factor);
        using var whole = new AdamW(parameters, options);
        var start = parameters.Master.clone();
        fast.Step(1e-2, 0.5);
        var weights = parameters.Master.clone();
        parameters.Master.copy_(start);
        slow.Steps = 1;
        slow.StepByOperations(1e-2, 0.5);
        AssertNear(parameters.Master, weights, 3e-7);

        // A tenth of the rate is a tenth of the change: of the update and of the decay.
        parameters.Master.copy_(start);
        whole.Step(1e-2, 0.5);
        foreach (var parameter in parameters.All)
        {
            var change = weights.narrow(0, parameter.Offset, parameter.Count) - start.narrow(0, parameter.Offset, parameter.Count);
            var full = parameter.Master.view(-1) - start.narrow(0, parameter.Offset, parameter.Count);
            AssertNear(full * Factor(parameter), change, 1e-6);
        }
    }

    [Fact]
    public void The_compute_copy_is_the_rounded_master_weights()
    {
        using var optimizer = NewOptimizer();
        optimizer.Step(1e-2);
        Assert.True(_parameters.Compute!.equal(_parameters.Master.to(ScalarType.BFloat16)).all().ToBoolean());
    }

    [Fact]
    public void The_number_of_threads_changes_no_bit()
    {
        var threads = get_num_threads();
        var start = _parameters.Master.clone();
        try
        {
            var results = new List<Tensor>();
            foreach (var number in new[] { 1, 2, 5 })
            {
                set_num_threads(number);
                _parameters.Master.copy_(start);
                using var optimizer = NewOptimizer();
                optimizer.Step(1e-3);
                results.Add(_parameters.Master.clone());
            }

            Assert.All(results, result => Assert.True(result.equal(results[0]).all().ToBoolean()));
        }
        finally
        {
            set_num_threads(threads);
        }
    }

    [Fact]
    public void Gathering_adds_the_parts_gradient_and_clears_it()
    {
        var before = _parameters.Gradient.clone();
        var part = zeros(_parameters.Count, ScalarType.BFloat16);
        using var generator = new Generator(7);
        foreach (var parameter in _parameters.All)
        {
            var own = part.narrow(0, parameter.Offset, parameter.Count).view(parameter.Shape);
            parameter.Value.grad!.copy_(own.copy_(randn(parameter.Shape, generator: generator)));
        }

        _parameters.AccumulateGradient();
        Assert.True(_parameters.Gradient.equal(before + part.to(ScalarType.Float32)).all().ToBoolean());
        Assert.All(_parameters.All, parameter => Assert.Equal(0, parameter.Value.grad!.abs().max().ToSingle()));
    }

    [Fact]
    public void Gathering_of_another_type_by_libtorch_adds_the_same_numbers()
    {
        using var parameters = new FlatParameters();
        parameters.Add("weights", [Count], Initializer.Constant(0), decays: true);
        parameters.Allocate(ScalarType.Float16, CPU, null, trains: true);
        var (sum, part) = (randn(Count, generator: new Generator(7)), randn(Count, generator: new Generator(8)).to(ScalarType.Float16));
        var weights = parameters.All[0];
        weights.Gradient.copy_(sum);
        weights.Value.grad!.copy_(part);
        parameters.AccumulateGradient();
        Assert.True(weights.Gradient.equal(sum + part.to(ScalarType.Float32)).all().ToBoolean());
        Assert.Equal(0, weights.Value.grad!.abs().max().ToSingle());
    }

    [Fact]
    public void Clipping_scales_to_the_norm_and_leaves_smaller_ones_alone()
    {
        Assert.Equal(0.5, GradientNorm.Scale(4, 2));
        Assert.Equal(1, GradientNorm.Scale(1.5, 2));
        Assert.Equal(1, GradientNorm.Scale(1000, 0));
        Assert.Equal(5, GradientNorm.Of(tensor(new[] { 3f, 4f })), 6);
    }

    private AdamW NewOptimizer() => new(_parameters, new AdamWOptions(0.9, 0.95, 1e-8, 0.2));

    private static void AssertNear(Tensor expected, Tensor actual, double tolerance) =>
        Assert.InRange(((expected - actual).abs() / (expected.abs() + 1)).max().ToSingle(), 0, tolerance);
}
