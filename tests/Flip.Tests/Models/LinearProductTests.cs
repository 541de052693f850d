using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Tests.Models;

/// <summary>oneDNN's products against libtorch's own.</summary>
public sealed class LinearProductTests : IDisposable
{
    private readonly DisposeScope _scope;

    public LinearProductTests()
    {
        Flip.Native.LibTorch.EnsureLoaded();
        _scope = NewDisposeScope();
    }

    public void Dispose() => _scope.Dispose();

    [Theory]
    [InlineData(1, 5, 3, true)]
    [InlineData(37, 48, 7, true)]
    [InlineData(300, 64, 130, true)]
    [InlineData(300, 64, 130, false)]
    [InlineData(1, 768, 2304, false)]
    public void Value_and_gradient_are_those_of_the_plain_product(int rows, int inputs, int outputs, bool hasBias)
    {
        var random = new Generator(7);
        Tensor Leaf(params long[] shape) => randn(shape, generator: random).requires_grad_(true);
        Tensor[] leaves = [Leaf(rows, inputs), Leaf(outputs, inputs), Leaf(outputs)];
        var weights = randn([rows, outputs], generator: random);
        (Tensor Value, Tensor[] Gradients) Run(Func<Tensor, Tensor, Tensor?, Tensor> product)
        {
            var own = Array.ConvertAll(leaves, leaf => leaf.detach().clone().requires_grad_(true));
            var value = product(own[0], own[1], hasBias ? own[2] : null);
            value.backward([weights]);
            return (value, [own[0].grad!, own[1].grad!, .. hasBias ? new[] { own[2].grad! } : []]);
        }

        var expected = Run(functional.linear);
        var actual = Run(LinearProduct.OfOneDnn);
        Assert.Equal([rows, outputs], actual.Value.shape);
        AssertNear(expected.Value, actual.Value);
        foreach (var (slow, fast) in expected.Gradients.Zip(actual.Gradients))
        {
            Assert.Equal(slow.shape, fast.shape);
            AssertNear(slow, fast);
        }
    }

    [Fact]
    public void Rows_and_weights_may_be_parts_of_others()
    {
        using var noGrad = no_grad();
        var random = new Generator(8);
        var rows = randn([40, 96], generator: random).narrow(1, 8, 64);
        var weight = randn([64, 50], generator: random).t().narrow(0, 10, 32);
        var bias = randn([64], generator: random).narrow(0, 3, 32);
        AssertNear(functional.linear(rows, weight, bias), LinearProduct.OfOneDnn(rows, weight, bias));
    }

    [Fact]
    public void The_same_product_has_the_same_bits_each_time()
    {
        using var noGrad = no_grad();
        var random = new Generator(9);
        var (rows, weight) = (randn([2000, 128], generator: random), randn([256, 128], generator: random));
        var first = LinearProduct.Of(rows, weight, null);
        Assert.All(Enumerable.Range(0, 5), _ => Assert.True(first.equal(LinearProduct.Of(rows, weight, null)).all().ToBoolean()));
    }

    /// <summary>Within what sums of so many fp32 numbers may differ by, against the largest.</summary>
    private static void AssertNear(Tensor expected, Tensor actual) =>
        Assert.InRange((expected - actual).abs().max().item<float>() / expected.abs().max().item<float>(), 0, 5e-6);
}
