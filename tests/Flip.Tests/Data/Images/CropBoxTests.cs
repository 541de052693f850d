using Flip.Data.Images;
using Flip.Randomness;

namespace Flip.Tests.Data.Images;

public class CropBoxTests
{
    [Theory]
    [InlineData(260, 195, 33, 0, 195)]
    [InlineData(300, 225, 38, 0, 225)]
    [InlineData(240, 320, 0, 40, 240)]
    [InlineData(1803, 1376, 214, 0, 1376)]
    [InlineData(231, 301, 0, 35, 231)]
    [InlineData(1, 1, 0, 0, 1)]
    public void The_central_square_rounds_an_odd_remainder_up(int width, int height, int left, int top, int side) =>
        Assert.Equal(new CropBox(left, top, side, side), CropBox.CentralSquare(width, height));

    [Theory]
    [InlineData(400, 350)]
    [InlineData(64, 64)]
    [InlineData(3, 200)]
    [InlineData(1, 1)]
    public void A_random_crop_lies_inside_the_image(int width, int height)
    {
        for (var sample = 0; sample < 500; sample++)
        {
            var crop = Draw(width, height, 0.5, sample);
            Assert.True(crop.Left >= 0 && crop.Top >= 0 && crop.Width > 0 && crop.Height > 0, crop.ToString());
            Assert.True(crop.Left + crop.Width <= width && crop.Top + crop.Height <= height, crop.ToString());
        }
    }

    [Fact]
    public void Random_crops_keep_to_the_area_and_aspect_of_the_recipe_and_vary()
    {
        var crops = Enumerable.Range(0, 2000).Select(i => Draw(1000, 1000, 0.25, i)).ToList();
        var areas = crops.Select(c => c.Width * c.Height / 1e6).Order().ToList();
        var aspects = crops.Select(c => (double)c.Width / c.Height).Order().ToList();
        Assert.InRange(areas[0], 0.249, 0.3);
        Assert.InRange(areas[^1], 0.9, 1.001);
        Assert.InRange(aspects[0], 0.749, 0.78);
        Assert.InRange(aspects[^1], 1.28, 1.335);

        // The logarithm is uniform: as many wide crops as tall ones.
        Assert.InRange(aspects[1000], 0.97, 1.03);
        Assert.InRange(crops.Average(c => c.Left / (1000.0 - c.Width + 1)), 0.46, 0.51);
        Assert.InRange(crops.Average(c => c.Top / (1000.0 - c.Height + 1)), 0.46, 0.51);
    }

    [Fact]
    public void Where_no_try_fits_the_crop_is_seven_eighths_of_the_short_side()
    {
        // Half the area of a 10:1 image at an aspect of at most 4/3 is taller than the image.
        Assert.Equal(new CropBox(457, 7, 87, 87), Draw(1000, 100, 0.5, 0));
        Assert.Equal(new CropBox(7, 457, 87, 87), Draw(100, 1000, 0.5, 0));
        Assert.Equal(new CropBox(0, 2, 1, 1), Draw(1, 4, 1, 0));
    }

    private static CropBox Draw(int width, int height, double minArea, int sample)
    {
        var random = new CounterRandom(3, RandomPurpose.Augmentation, item: sample);
        return CropBox.Random(width, height, minArea, ref random);
    }
}
