using Flip.Losses;
using Flip.Native;
using static TorchSharp.torch;

namespace Flip.Tests.Losses;

public sealed class SoftCrossEntropyTests
{
    public SoftCrossEntropyTests() => LibTorch.EnsureLoaded();

    [Fact]
    public void Of_a_hard_target_it_is_the_negative_logarithm_of_the_probability()
    {
        using var scope = NewDisposeScope();

        // exp: 1, 2, 5 of 8; 1, 1, 2 of 4
        var logits = tensor(new[] { 0f, MathF.Log(2), MathF.Log(5), 0, 0, MathF.Log(2) }).view(2, 3);
        var targets = tensor(SoftCrossEntropy.Targets([2, 0], [2, 0], 1, 3, 0)).view(2, 3);
        Assert.Equal(Math.Log(8.0 / 5) + Math.Log(4), SoftCrossEntropy.Sum(logits, targets).item<float>(), 5);
    }

    [Fact]
    public void Smoothing_spreads_its_share_over_all_classes_the_right_one_included()
    {
        var targets = SoftCrossEntropy.Targets([1], [1], 1, 4, 0.1);
        Assert.Equal([0.025f, 0.925f, 0.025f, 0.025f], targets, (a, b) => Math.Abs(a - b) < 1e-7);
    }

    [Fact]
    public void Mixed_targets_are_the_sum_of_both_smoothed_ones_by_their_shares()
    {
        var targets = SoftCrossEntropy.Targets([0, 2], [2, 2], 0.75, 4, 0.2);
        Assert.Equal([0.65f, 0.05f, 0.25f, 0.05f, 0.05f, 0.05f, 0.85f, 0.05f], targets, (a, b) => Math.Abs(a - b) < 1e-7);
    }

    [Fact]
    public void The_gradient_is_the_probabilities_less_the_targets()
    {
        using var scope = NewDisposeScope();
        var logits = tensor(new[] { 0f, MathF.Log(3) }).view(1, 2).requires_grad_(true);
        SoftCrossEntropy.Sum(logits, tensor(new[] { 0.5f, 0.5f }).view(1, 2)).backward();
        Assert.Equal([-0.25f, 0.25f], logits.grad!.data<float>().ToArray(), (a, b) => Math.Abs(a - b) < 1e-6);
    }

    [Fact]
    public void Targets_of_another_shape_are_refused() =>
        Assert.Throws<ArgumentException>(() => SoftCrossEntropy.Sum(zeros(2, 3), zeros(3, 2)));
}
