using Flip.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Losses;

public class SoftAnswerLossTests
{
    [Fact]
    public void It_is_the_sum_of_each_answers_own_cross_entropy()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 0f, 2f, -1f, 3f }).view(2, 2);
        var targets = tensor(new[] { 0.3f, 1f, 0f, 0.6f }).view(2, 2);

        // -t log σ(x) - (1 - t) log(1 - σ(x)), answer by answer.
        var expected = Math.Log(2) + Math.Log(1 + Math.Exp(-2)) + Math.Log(1 + Math.Exp(-1)) + (0.6 * Math.Log(1 + Math.Exp(-3))) + (0.4 * (3 + Math.Log(1 + Math.Exp(-3))));
        Assert.Equal(expected, SoftAnswerLoss.Sum(logits, targets).ToDouble(), 1e-6);
    }

    [Fact]
    public void Its_gradient_is_the_probability_less_the_target()
    {
        using var scope = NewDisposeScope();
        var logits = randn(3, 5, generator: new Generator(1)).requires_grad_(true);
        var targets = rand(3, 5, generator: new Generator(2));
        SoftAnswerLoss.Sum(logits, targets).backward();
        Assert.True(logits.grad!.allclose(logits.sigmoid() - targets, 1e-5, 1e-6));
    }

    [Fact]
    public void Large_scores_stay_finite()
    {
        using var scope = NewDisposeScope();
        Assert.Equal(3e4, SoftAnswerLoss.Sum(tensor(new[] { -1e4f, 1e4f, 1e4f, -1e4f, -1e4f }).view(1, 5), tensor(new[] { 1f, 0, 1, 0, 1 }).view(1, 5)).ToDouble(), 1);
    }

    [Fact]
    public void Shapes_that_do_not_fit_are_named()
    {
        using var scope = NewDisposeScope();
        Assert.Contains("[2, 3]", Assert.Throws<ArgumentException>(() => SoftAnswerLoss.Sum(zeros(2, 3), zeros(2, 4))).Message);
    }
}
