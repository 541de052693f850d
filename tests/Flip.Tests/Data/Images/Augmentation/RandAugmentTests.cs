using System.Text.Json;
using Flip.Config;
using Flip.Data.Images;
using Flip.Data.Images.Augmentation;
using Flip.Randomness;
using SkiaSharp;

namespace Flip.Tests.Data.Images.Augmentation;

/// <summary>The operations against Pillow's results (tests/Golden/augmentation.py), and how they are drawn.</summary>
public class RandAugmentTests
{
    public static TheoryData<string> Operations => new(RandAugment.Names);

    [Theory]
    [MemberData(nameof(Operations))]
    public void Each_operation_gives_pillows_image(string operation)
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("augmentation.json")));
        var root = golden.RootElement;
        var width = root.GetProperty("width").GetInt32();
        byte[] fill = [.. root.GetProperty("fill").EnumerateArray().Select(level => level.GetByte())];
        var cases = 0;
        foreach (var item in root.GetProperty("cases").EnumerateArray())
        {
            var name = item.GetProperty("operation").GetString()!;
            if (name.Replace("Flat", "", StringComparison.Ordinal) != operation)
            {
                continue;
            }

            var pixels = root.GetProperty(name == operation ? "image" : "flat").GetBytesFromBase64();
            RandAugment.Apply(operation, item.GetProperty("argument").GetDouble(), pixels, width, fill);
            var expected = item.GetProperty("result").GetBytesFromBase64();
            var differing = pixels.Zip(expected).Count(pair => pair.First != pair.Second);
            Assert.True(
                differing == 0,
                $"{operation} {item.GetProperty("argument")}: {differing} of {expected.Length} levels differ, by up to {pixels.Zip(expected).Max(p => Math.Abs(p.First - p.Second))}");
            cases++;
        }

        Assert.NotEqual(0, cases);
    }

    [Theory]
    [InlineData("rotate", 0.9, 27)]
    [InlineData("posterize", 0.9, 1)]
    [InlineData("solarize", 0.9, 26)]
    [InlineData("solarizeAdd", 0.9, 99)]
    [InlineData("shearX", 0.9, 0.27)]
    [InlineData("translateY", 0.9, 0.405)]
    [InlineData("posterize", 0, 4)]
    [InlineData("solarize", 0, 256)]
    [InlineData("invert", 0.9, 0)]
    public void Arguments_grow_with_the_level_as_timms(string operation, double level, double expected)
    {
        var random = new CounterRandom(1, RandomPurpose.Distortion);
        Assert.Equal(expected, Math.Abs(RandAugment.Argument(operation, level, ref random)), 1e-12);
    }

    [Fact]
    public void Enhancements_go_both_ways_from_the_image_itself()
    {
        var random = new CounterRandom(1, RandomPurpose.Distortion);
        var factors = Enumerable.Range(0, 100).Select(_ => Math.Round(RandAugment.Argument("contrast", 0.9, ref random), 12)).ToList();
        Assert.Equal([0.19, 1.81], factors.Distinct().Order());
        Assert.InRange(factors.Count(factor => factor > 1), 35, 65);
        Assert.Equal(0.1, Math.Min(RandAugment.Argument("color", 1, ref random), 0.1), 1e-12);
    }

    [Fact]
    public void Each_of_two_draws_changes_half_of_the_images()
    {
        var augment = new RandAugment(1, 9, 0.5, [124, 116, 104]);
        var changed = 0;
        for (var i = 0; i < 2000; i++)
        {
            var pixels = Noise(i);
            var random = new CounterRandom(3, RandomPurpose.Distortion, item: i);
            augment.Apply(pixels, 8, ref random);
            changed += pixels.SequenceEqual(Noise(i)) ? 0 : 1;
        }

        Assert.Equal(0.5, changed / 2000.0, 0.05); // autoContrast leaves an image that has all levels
    }

    [Fact]
    public void A_sample_becomes_the_same_at_any_time_and_another_in_another_epoch()
    {
        var encoded = TestImages.Encode(40, 30, SKEncodedImageFormat.Png);
        byte[] Transformed(int epoch, long sample, FinetuneConfig config)
        {
            var pixels = new byte[16 * 16 * 3];
            new FinetuneTransform(16, config, PixelNormalization.ImageNet).Apply(encoded, epoch, sample, pixels);
            return pixels;
        }

        var config = new FinetuneConfig { Seed = 2, Erasing = 1 };
        Assert.Equal(Transformed(1, 5, config), Transformed(1, 5, config));
        Assert.NotEqual(Transformed(1, 5, config), Transformed(2, 5, config));
        Assert.NotEqual(Transformed(1, 5, config), Transformed(1, 5, config with { Erasing = 0 }));
        var crop = new byte[16 * 16 * 3];
        new TrainTransform(16, 0.08, 0.5, 2).Apply(encoded, 1, 5, crop);
        Assert.Equal(crop, Transformed(1, 5, config with { Erasing = 0, RandAugment = 0 }));
    }

    [Fact]
    public void Erasing_takes_its_share_of_images_and_a_rectangle_of_each()
    {
        var erasing = new RandomErasing(0.25, [0.5f, 0.5f, 0.5f], [0.2f, 0.2f, 0.2f]);
        var erased = new List<double>();
        for (var i = 0; i < 2000; i++)
        {
            var pixels = new byte[32 * 32 * 3];
            var random = new CounterRandom(4, RandomPurpose.Distortion, item: i);
            erasing.Apply(pixels, 32, ref random);
            if (Array.Exists(pixels, level => level > 0))
            {
                erased.Add(pixels.Chunk(3).Count(pixel => pixel.Any(level => level > 0)) / 1024.0);
            }
        }

        Assert.Equal(0.25, erased.Count / 2000.0, 0.03);
        Assert.InRange(erased.Min(), 0.015, 0.06);
        Assert.InRange(erased.Max(), 0.28, 0.36);
    }

    [Fact]
    public void Where_no_crop_fits_the_middle_of_the_widest_aspect_is_taken()
    {
        var random = new CounterRandom(1, RandomPurpose.Augmentation);
        Assert.Equal(new CropBox(493, 0, 13, 10), CropBox.Random(1000, 10, 0.9, ref random, wholeWhereNoneFits: true));
        Assert.Equal(new CropBox(0, 493, 10, 13), CropBox.Random(10, 1000, 0.9, ref random, wholeWhereNoneFits: true));
    }

    private static byte[] Noise(int item)
    {
        var random = new CounterRandom(9, RandomPurpose.Evaluation, item: item);
        var pixels = new byte[8 * 8 * 3];
        foreach (ref var level in pixels.AsSpan())
        {
            level = (byte)(20 + random.NextInt(200));
        }

        return pixels;
    }
}
