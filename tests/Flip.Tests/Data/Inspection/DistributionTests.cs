using Flip.Data.Inspection;

namespace Flip.Tests.Data.Inspection;

public sealed class DistributionTests
{
    [Fact]
    public void The_numbers_of_one_to_a_hundred()
    {
        var found = Distribution.Of(Enumerable.Range(1, 100).Reverse().Select(number => (double)number))!;
        Assert.Equal((100, 1, 5, 50, 50.5, 95, 100), (found.Count, found.Least, found.Low, found.Median, found.Mean, found.High, found.Most));
        Assert.Equal(new DistributionBin(0, 5, 4), found.Bins[0]); // 99 in at most 20 bins: a width of 5, the first multiple of it below 1
        Assert.Equal(new DistributionBin(5, 10, 5), found.Bins[1]);
        Assert.Equal(new DistributionBin(100, 105, 1), found.Bins[^1]);
    }

    [Theory]
    [InlineData(new[] { 7.0 })]
    [InlineData(new[] { -3.0, -3, -3 })]
    [InlineData(new[] { 0.001, 0.0011, 0.5 })]
    [InlineData(new[] { 1.0, 1e9 })]
    public void Every_number_is_in_one_bin_and_there_are_few(double[] numbers)
    {
        var found = Distribution.Of(numbers)!;
        Assert.InRange(found.Bins.Count, 1, 22);
        Assert.Equal(numbers.Length, found.Bins.Sum(bin => bin.Count));
        Assert.All(numbers, number => Assert.Single(found.Bins, bin => bin.From <= number && number < bin.End));
        Assert.All(found.Bins.Zip(found.Bins.Skip(1)), pair => Assert.Equal(pair.First.End, pair.Second.From));
    }

    [Fact]
    public void Nothing_has_no_distribution() => Assert.Null(Distribution.Of([]));
}
