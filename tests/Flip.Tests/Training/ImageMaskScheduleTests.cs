using Flip.Config;
using Flip.Training;

namespace Flip.Tests.Training;

public class ImageMaskScheduleTests
{
    [Fact]
    public void The_ratio_is_constant_by_default() =>
        Assert.All([0L, 500, 1000], samples => Assert.Equal(0.5, ImageMaskSchedule.Of(new ImageConfig(), 1000).At(samples)));

    [Theory]
    [InlineData(0, 0.75)]
    [InlineData(500, 0.5)]
    [InlineData(1000, 0.25)]
    [InlineData(2000, 0.25)]
    public void A_final_ratio_is_reached_linearly(long samples, double expected) => Assert.Equal(
        expected, ImageMaskSchedule.Of(new ImageConfig { MaskRatio = 0.75, FinalMaskRatio = 0.25 }, 1000).At(samples), 1e-12);
}
