using Flip.Devices;
using Flip.Optim;
using static TorchSharp.torch;

namespace Flip.Tests.Optim;

public sealed class LarsTests
{
    [Fact]
    public void Two_steps_are_those_computed_by_hand()
    {
        using var scope = NewDisposeScope();
        var (matrix, vector) = (tensor(new float[] { 3, 0, 0, 4 }).view(2, 2), tensor(new float[] { 1, -1 }));
        using var lars = new Lars([matrix, vector], new LarsOptions(Momentum: 0.5, WeightDecay: 0, TrustCoefficient: 0.1));

        // |weights| 5, |gradient| 10: trust 0.1 · 5 / 10 = 0.05, velocity 0.05 · gradient, rate 2.
        lars.Step([tensor(new float[] { 6, 8, 0, 0 }).view(2, 2), tensor(new float[] { 1, 0 })], 2);
        AssertEqual([2.4f, -0.8f, 0, 4], matrix);
        AssertEqual([-1, -1], vector);

        // |weights|² = 5.76 + 0.64 + 16 = 22.4; velocity = 0.5 · [0.3, 0.4, 0, 0] + 0.1 · √22.4 / 2 · [0, 0, 2, 0].
        lars.Step([tensor(new float[] { 0, 0, 2, 0 }).view(2, 2), tensor(new float[] { 0, 4 })], 1);
        AssertEqual([2.25f, -1, -0.1f * MathF.Sqrt(22.4f), 4], matrix);
        AssertEqual([-1.5f, -5], vector);
    }

    [Fact]
    public void Decay_joins_the_gradient_of_matrices_only_and_no_norm_of_zero_is_divided_by()
    {
        using var scope = NewDisposeScope();
        var (matrix, vector, empty) = (tensor(new float[] { 3, 4 }).view(1, 2), tensor(new float[] { 1 }), zeros(1, 2));
        using var lars = new Lars([matrix, vector, empty], new LarsOptions(Momentum: 0, WeightDecay: 2, TrustCoefficient: 0.1));
        lars.Step([zeros(1, 2), zeros(1), tensor(new float[] { 1, 1 }).view(1, 2)], 1);
        AssertEqual([2.7f, 3.6f], matrix); // the update is 2 · weights, of norm 10: trust 0.05
        AssertEqual([1], vector);
        AssertEqual([-1, -1], empty); // a trust of 1, as in MAE
        var before = DeviceTraffic.OnThread;
        lars.Step([zeros(1, 2), zeros(1), zeros(1, 2)], 0);
        Assert.Equal(before, DeviceTraffic.OnThread);
        AssertEqual([2.7f, 3.6f], matrix);
    }

    private static void AssertEqual(float[] expected, Tensor actual) =>
        Assert.All(expected.Zip(actual.data<float>().ToArray()), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
}
