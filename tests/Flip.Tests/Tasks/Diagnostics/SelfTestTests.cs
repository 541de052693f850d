using Flip.Tasks.Diagnostics;
using static TorchSharp.torch;

namespace Flip.Tests.Tasks.Diagnostics;

public class SelfTestTests
{
    [Fact]
    public void Every_check_passes_on_the_processor_and_compares_something()
    {
        var test = new SelfTest(CPU);
        var results = test.Run(TestContext.Current.CancellationToken).ToList();
        Assert.Equal(test.Count, results.Count);
        Assert.All(results, result => Assert.True(result.Passed, $"{result.Name}: {result.Problem}"));
        Assert.InRange(results.Count(result => result.Difference > 0), results.Count - 3, results.Count); // copies and recomputed blocks are exact
    }

    [Fact]
    public void A_difference_is_a_share_of_what_is_allowed_and_the_worst_is_named()
    {
        using var scope = NewDisposeScope();
        var found = new Comparison();
        found.Add("a", tensor(new[] { 1f, 2 }), tensor(new[] { 1f, 2.5f }), 1);
        found.Add("b", tensor(new[] { 1f }), tensor(new[] { 1.25f }), 1);
        Assert.Equal((0.5, "a"), (found.Worst, found.Where));
        found.AddRelative("c", tensor(new[] { 10f, 0 }), tensor(new[] { 10f, 2 }), 0.1);
        Assert.Equal((2, "c"), (Math.Round(found.Worst, 5), found.Where));
    }

    [Theory]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    public void What_is_no_number_is_wrong(float value)
    {
        using var scope = NewDisposeScope();
        var found = new Comparison();
        found.Add("a", tensor(new[] { 1f }), tensor(new[] { value }), 1e9);
        Assert.Equal(double.PositiveInfinity, found.Worst);
        found = new Comparison();
        found.Add("a number", 1, value, 1e9);
        Assert.Equal(double.PositiveInfinity, found.Worst);
    }

    [Fact]
    public void Missing_values_are_wrong()
    {
        using var scope = NewDisposeScope();
        var found = new Comparison();
        found.Add("a", ones(3), ones(2), 1);
        Assert.Equal((double.PositiveInfinity, "a: 2 values instead of 3"), (found.Worst, found.Where));
    }

    [Fact]
    public void The_curve_falls_from_the_loss_of_chance()
    {
        var losses = CurveCheck.Losses(CPU);
        Assert.InRange(losses[0], Math.Log(16), 2 * Math.Log(16)); // a factor of 14 on cosines of chance
        Assert.InRange(losses[^10..].Average(), 0, 0.7 * losses[..10].Average());
    }
}
