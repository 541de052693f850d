using Flip.Config;

namespace Flip.Tests.Config;

public class MaskRatioTests
{
    [Theory]
    [InlineData(196, 0.5, 98)]
    [InlineData(196, 0.75, 49)]
    [InlineData(196, 0, 196)]
    [InlineData(10, 0.9, 0)] // int(10 · 0.09999999999999998), as in the official code
    [InlineData(int.MaxValue, 0, int.MaxValue)]
    public void Kept_counts_round_as_the_official_code(int count, double ratio, int expected) =>
        Assert.Equal(expected, MaskRatio.Kept(count, ratio));
}
