using System.Runtime.Intrinsics;
using Flip.Kernels;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Kernels;

public sealed class SigmoidGateTests : IDisposable
{
    private readonly DisposeScope _scope;

    public SigmoidGateTests()
    {
        Flip.Native.LibTorch.EnsureLoaded();
        _scope = NewDisposeScope();
    }

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Value_and_gradient_equal_libtorchs_to_a_rounding_of_bf16(bool tanh)
    {
        // Every finite bf16 number in [-30, 30] that is not tiny, and an odd rest for the tail.
        var x = cat([linspace(-30, 30, 40_001), linspace(-3, 3, 40_002)], 0).to(ScalarType.BFloat16);
        var weights = randn(x.shape[0], generator: new Generator(1)).to(ScalarType.BFloat16);
        var shape = tanh ? SigmoidGate.Shape.GeluTanh : SigmoidGate.Shape.QuickGelu;

        var slow = x.to(ScalarType.Float64).requires_grad_(true);
        var expected = tanh ? nn.functional.gelu(slow, TorchSharp.Modules.GELU.Approximate.tanh) : slow * (slow * 1.702).sigmoid();
        expected.backward([weights.to(ScalarType.Float64)]);

        var fast = x.clone().requires_grad_(true);
        var actual = SigmoidGateFunction.Of(fast, shape);
        actual.backward([weights]);
        AssertNear(expected, actual);
        AssertNear(slow.grad!, fast.grad!);
    }

    [Fact]
    public void Without_a_graph_the_value_is_the_same()
    {
        var x = randn([300, 7], generator: new Generator(2)).to(ScalarType.BFloat16);
        var graphed = SigmoidGateFunction.Of(x.clone().requires_grad_(true), SigmoidGate.Shape.GeluTanh);
        Assert.True(graphed.requires_grad);
        Assert.True(graphed.equal(SigmoidGateFunction.Of(x, SigmoidGate.Shape.GeluTanh)).all().ToBoolean());
    }

    [Fact]
    public void A_gradient_that_is_not_contiguous_is_taken()
    {
        var x = randn([6, 8], generator: new Generator(3)).to(ScalarType.BFloat16).requires_grad_(true);
        var weights = randn([8, 6], generator: new Generator(4)).to(ScalarType.BFloat16);
        SigmoidGateFunction.Of(x, SigmoidGate.Shape.GeluTanh).backward([weights.t()]);
        var slow = x.detach().clone().requires_grad_(true);
        SigmoidGateFunction.Of(slow, SigmoidGate.Shape.GeluTanh).backward([weights.t().contiguous()]);
        Assert.True(x.grad!.equal(slow.grad!).all().ToBoolean());
    }

    [Fact]
    public void The_exponential_is_right_to_six_digits_and_bounded_beyond_the_range()
    {
        for (var x = -86f; x < 87; x += 0.37f)
        {
            var actual = SigmoidGate.Exp(Vector512.Create(x)).ToScalar();
            Assert.InRange(actual / Math.Exp(x), 1 - 3e-7, 1 + 3e-7);
        }

        Assert.InRange(SigmoidGate.Exp(Vector512.Create(1000f)).ToScalar(), 1e37f, float.MaxValue);
        Assert.InRange(SigmoidGate.Exp(Vector512.Create(-1000f)).ToScalar(), 0, 1e-37f);
    }

    // Half a unit of bf16's last place, of the value or, near zero, of what it is a difference of.
    private static void AssertNear(Tensor expected, Tensor actual)
    {
        var difference = (expected - actual.to(ScalarType.Float64)).abs();
        Assert.True(difference.le(expected.abs() * (1.01 / 256) + 1e-6).all().ToBoolean(), $"{difference.max().ToDouble()}");
    }
}
