using Flip.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Losses;

public class TokenCrossEntropyTests
{
    [Fact]
    public void It_is_the_sum_of_what_the_right_tokens_lack_in_probability()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 0f, 0f, 1f, 0f, 2f, 0f, 5f, 5f }).view(2, 2, 2);
        var targets = tensor(new long[] { 1, 0, 0, 1 }).view(2, 2);
        var counts = tensor(new[] { true, true, true, false }).view(2, 2);
        var expected = Math.Log(2) + Math.Log(1 + Math.Exp(-1)) + Math.Log(1 + Math.Exp(-2));
        Assert.Equal(expected, TokenCrossEntropy.Sum(logits, targets, counts).ToDouble(), 1e-6);
    }

    [Fact]
    public void What_does_not_count_has_no_gradient()
    {
        using var scope = NewDisposeScope();
        var logits = randn(2, 3, 5, generator: new Generator(1)).requires_grad_(true);
        var counts = tensor(new[] { true, true, false, true, false, false }).view(2, 3);
        TokenCrossEntropy.Sum(logits, zeros(2, 3, ScalarType.Int64), counts).backward();
        Assert.Equal(0, (logits.grad!.abs().sum([2]) * counts.logical_not()).sum().ToDouble());
        Assert.True((logits.grad.abs().sum([2]) > 0).equal(counts).all().ToBoolean());
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_named()
    {
        using var scope = NewDisposeScope();
        var failure = Assert.Throws<ArgumentException>(() => TokenCrossEntropy.Sum(zeros(2, 3, 5), zeros(2, 4, ScalarType.Int64), ones(2, 4, ScalarType.Bool)));
        Assert.Contains("[2, 3, 5]", failure.Message);
    }
}
