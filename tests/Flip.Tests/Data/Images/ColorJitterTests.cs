using Flip.Config;
using Flip.Data.Images;
using Flip.Data.Images.Augmentation;
using Flip.Randomness;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

public sealed class ColorJitterTests
{
    [Theory]
    [InlineData(0, new byte[] { 200, 40, 90 })]
    [InlineData(1, new byte[] { 200, 40, 90 })]
    [InlineData(1.0 / 3, new byte[] { 90, 200, 40 })] // red's place in the circle goes to green
    [InlineData(2.0 / 3, new byte[] { 40, 90, 200 })]
    [InlineData(-1.0 / 3, new byte[] { 40, 90, 200 })]
    [InlineData(0.5, new byte[] { 40, 200, 150 })]
    public void Hue_turns_and_keeps_the_lightest_and_the_darkest_level(double turn, byte[] expected)
    {
        byte[] pixels = [200, 40, 90, 7, 7, 7];
        ColorJitter.TurnHue(pixels, turn);
        Assert.Equal([.. expected, 7, 7, 7], pixels);
    }

    [Fact]
    public void Strength_and_probabilities_of_nothing_change_nothing_and_gray_removes_colour()
    {
        var (pixels, random) = (Noise(), new CounterRandom(1, RandomPurpose.Distortion));
        new ColorJitter(0, 1, 0).Apply(pixels, ref random);
        Assert.Equal(Noise(), pixels);
        new ColorJitter(0.5, 0, 0).Apply(pixels, ref random);
        Assert.Equal(Noise(), pixels);
        new ColorJitter(0, 0, 1).Apply(pixels, ref random);
        Assert.All(pixels.Chunk(3), pixel => Assert.True(pixel[0] == pixel[1] && pixel[1] == pixel[2]));
    }

    [Fact]
    public void The_share_of_changed_images_is_the_probability_and_changes_differ()
    {
        var jitter = new ColorJitter(0.4, 0.8, 0.1);
        var results = Enumerable.Range(0, 2000).Select(i =>
        {
            var (pixels, random) = (Noise(), new CounterRandom(1, RandomPurpose.Distortion, 0, i));
            jitter.Apply(pixels, ref random);
            return Convert.ToHexString(pixels);
        }).ToList();
        Assert.InRange(results.Count(result => result != Convert.ToHexString(Noise())) / 2000.0, 0.79, 0.85); // 0.82: jittered, or gray alone
        Assert.InRange(results.Distinct().Count(), 1600, 2000);
    }

    [Fact]
    public void Without_its_settings_pre_training_crops_and_flips_alone_and_with_them_it_is_a_function_of_the_sample()
    {
        using var bitmap = new SKBitmap(40, 30);
        bitmap.Erase(new SKColor(200, 40, 90));
        bitmap.SetPixel(3, 3, SKColors.White);
        using var png = bitmap.Encode(SKEncodedImageFormat.Png, 100);
        byte[] Of(IImageTransform transform, int epoch)
        {
            var pixels = new byte[16 * 16 * 3];
            transform.Apply(png.AsSpan(), epoch, 5, pixels);
            return pixels;
        }

        var plain = new PretrainTransform(16, new DataConfig(), PixelNormalization.ImageNet, 3);
        Assert.Equal(Of(new TrainTransform(16, 0.5, 0.5, 3), 2), Of(plain, 2));
        var colours = new DataConfig { ColorJitter = 0.4, ColorJitterProbability = 1, Grayscale = 0.2, Erasing = 0.5 };
        var changed = new PretrainTransform(16, colours, PixelNormalization.ImageNet, 3);
        Assert.Equal(Of(changed, 2), Of(new PretrainTransform(16, colours, PixelNormalization.ImageNet, 3), 2));
        Assert.NotEqual(Of(plain, 2), Of(changed, 2));
        Assert.NotEqual(Of(changed, 1), Of(changed, 2));
    }

    private static byte[] Noise()
    {
        var pixels = new byte[48];
        new Random(2).NextBytes(pixels);
        return pixels;
    }
}
