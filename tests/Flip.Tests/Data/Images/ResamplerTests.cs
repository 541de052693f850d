using Flip.Config;
using Flip.Data.Images;

namespace Flip.Tests.Data.Images;

public class ResamplerTests
{
    [Theory]
    [InlineData(ResampleKernel.Antialias, new[] { 91.1765f, 120.7143f, 179.2857f, 208.8235f })]
    [InlineData(ResampleKernel.TfHalfPixel, new[] { 91.1765f, 120.7143f, 179.2857f, 208.8235f })]
    [InlineData(ResampleKernel.TfCornerAligned, new[] { 100f, 150f, 200f, 209.375f })]
    public void Two_pixels_become_four_as_worked_by_hand(ResampleKernel kernel, float[] expected)
    {
        using var image = DecodedImage.FromRgb(2, 1, [100, 100, 100, 200, 200, 200]);
        var actual = new float[4 * 4 * 3];
        Resampler.Resize(image, CropBox.Whole(2, 1), 4, kernel, actual);
        for (var i = 0; i < actual.Length; i++)
        {
            Assert.Equal(expected[i / 3 % 4], actual[i], 1e-3f);
        }
    }

    [Fact]
    public void Bytes_are_rounded_and_clipped()
    {
        using var gray = DecodedImage.FromRgb(2, 1, [100, 100, 100, 200, 200, 200]);
        Assert.Equal([91, 121, 179, 209], Resize(gray, CropBox.Whole(2, 1), 4)[..12].Where((_, i) => i % 3 == 0));
        using var edge = DecodedImage.FromRgb(2, 1, [0, 0, 0, 255, 255, 255]);
        var row = Resize(edge, CropBox.Whole(2, 1), 4)[..12];
        Assert.Equal((0, 255), (row[0], row[9]));
    }

    /// <summary>Levels of Pillow 9.4: Image.resize((S, S), BILINEAR or BICUBIC) of the whole image, as open_clip squashes it.</summary>
    [Theory]
    [InlineData(3, Interpolation.Bilinear, new byte[] { 37, 35, 228, 116, 105, 192, 195, 128, 156, 54, 118, 182, 133, 167, 146, 212, 136, 110, 71, 201, 136, 150, 143, 100, 177, 124, 64 })]
    [InlineData(3, Interpolation.Bicubic, new byte[] { 31, 25, 233, 115, 108, 194, 199, 129, 155, 49, 115, 185, 133, 175, 146, 221, 136, 107, 67, 208, 137, 156, 143, 98, 178, 121, 59 })]
    [InlineData(10, Interpolation.Bilinear, new byte[] { 0, 0, 255, 20, 5, 246, 46, 16, 234, 72, 35, 222, 98, 65, 210, 124, 103, 198, 150, 148, 186, 176, 205, 174, 202, 154, 162, 222, 68, 153, 3, 13, 248, 23, 18, 239, 49, 29, 227, 75, 48, 215 })]
    public void A_squashed_image_equals_Pillow(int size, Interpolation interpolation, byte[] expected)
    {
        const int width = 7;
        var rgb = new byte[width * 5 * 3];
        for (var i = 0; i < rgb.Length / 3; i++)
        {
            var (y, x) = Math.DivRem(i, width);
            (rgb[3 * i], rgb[(3 * i) + 1], rgb[(3 * i) + 2]) = ((byte)((x * 37) + (y * 11)), (byte)((x * x * 9) + (y * 53)), (byte)(255 - (x * 17) - (y * 29)));
        }

        using var image = DecodedImage.FromRgb(width, 5, rgb);
        var actual = new byte[size * size * 3];
        new EvaluationTransform(EvalTransform.Squash, size, interpolation).Apply(image, actual);
        Assert.Equal(expected, actual[..expected.Length]);
    }

    [Theory]
    [InlineData(61, 47, 3, 5, 40, 31, 17)]
    [InlineData(61, 47, 0, 0, 61, 47, 33)]
    [InlineData(20, 30, 19, 29, 1, 1, 8)]
    [InlineData(20, 30, 2, 1, 9, 28, 50)]
    [InlineData(300, 9, 0, 0, 300, 9, 5)]
    public void The_vector_path_equals_the_plain_one(int width, int height, int left, int top, int columns, int rows, int size)
    {
        using var image = TestImages.Pattern(width, height);
        var crop = new CropBox(left, top, columns, rows);
        var expected = new float[size * size * 3];
        Resampler.Resize(image, crop, size, ResampleKernel.Antialias, expected);
        var actual = Resize(image, crop, size);
        for (var i = 0; i < actual.Length; i++)
        {
            // Two roundings, the first of which a weight of up to 1.2 passes on.
            Assert.InRange(actual[i] - Math.Clamp(expected[i], 0, 255), -1.2f, 1.2f);
        }
    }

    [Fact]
    public void A_crop_sees_nothing_outside_itself()
    {
        using var image = TestImages.Pattern(40, 30);
        var rgb = image.ToRgb();
        var crop = new CropBox(7, 4, 21, 19);
        var cut = new byte[crop.Width * crop.Height * 3];
        for (var y = 0; y < crop.Height; y++)
        {
            rgb.AsSpan((((crop.Top + y) * 40) + crop.Left) * 3, crop.Width * 3).CopyTo(cut.AsSpan(y * crop.Width * 3));
        }

        using var alone = DecodedImage.FromRgb(crop.Width, crop.Height, cut);
        Assert.Equal(Resize(alone, CropBox.Whole(21, 19), 12), Resize(image, crop, 12));
    }

    [Fact]
    public void The_same_size_changes_nothing_and_one_color_stays_itself()
    {
        using var image = TestImages.Pattern(24, 24);
        Assert.Equal(image.ToRgb(), Resize(image, CropBox.Whole(24, 24), 24));
        using var flat = DecodedImage.FromRgb(31, 17, [.. Enumerable.Repeat<byte[]>([10, 200, 255], 31 * 17).SelectMany(p => p)]);
        Assert.All(Resize(flat, CropBox.Whole(31, 17), 20).Chunk(3), p => Assert.Equal([10, 200, 255], p));
    }

    [Fact]
    public void A_mirrored_result_is_the_result_mirrored()
    {
        using var image = TestImages.Pattern(40, 30);
        var plain = Resize(image, CropBox.Whole(40, 30), 16);
        var mirrored = Resize(image, CropBox.Whole(40, 30), 16, mirror: true);
        Assert.Equal(plain.Chunk(3 * 16).SelectMany(row => row.Chunk(3).Reverse()).SelectMany(p => p), mirrored);
    }

    [Fact]
    public void A_tall_image_has_the_same_window_as_the_whole_resized()
    {
        // CLIP resizes 10x41 to 8x32 (cut from 32.8) and takes rows 12 to 20.
        using var image = TestImages.Pattern(10, 41);
        var whole = new byte[8 * 32 * 3];
        Resampler.Resize(image, ResampleAxis.Of(0, 10, 8), ResampleAxis.Of(0, 41, 32), mirror: false, whole);
        var window = new byte[8 * 8 * 3];
        new EvaluationTransform(EvalTransform.Clip, 8).Apply(image, window);
        Assert.Equal(whole[(12 * 8 * 3)..(20 * 8 * 3)], window);
    }

    [Fact]
    public void Wrong_arguments_say_what_is_expected()
    {
        using var image = TestImages.Pattern(10, 10);
        Assert.Throws<ArgumentOutOfRangeException>(() => Resize(image, new CropBox(5, 0, 6, 10), 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Resize(image, new CropBox(0, 0, 0, 10), 4));
        Assert.Throws<ArgumentException>(() => Resampler.Resize(image, CropBox.Whole(10, 10), 4, false, new byte[47]));
    }

    private static byte[] Resize(DecodedImage image, CropBox crop, int size, bool mirror = false)
    {
        var result = new byte[size * size * 3];
        Resampler.Resize(image, crop, size, mirror, result);
        return result;
    }
}
