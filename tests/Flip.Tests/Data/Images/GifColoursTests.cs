using Flip.Data.Images;

namespace Flip.Tests.Data.Images;

/// <summary>What a GIF's transparent pixels show. Pillow 9.4 shows the same of each of these files, but for the one without a palette (grays).</summary>
public class GifColoursTests
{
    private const int Side = 4;

    private static readonly byte[] Global = TestGif.Palette(1);
    private static readonly byte[] Local = TestGif.Palette(100);
    private static readonly byte[] Indices = [.. Enumerable.Range(0, Side * Side).Select(i => (byte)(i * 3))];

    [Fact]
    public void Pillows_file_has_Pillows_pixels()
    {
        using var shown = ImageDecoder.Decode(File.ReadAllBytes(SharedData.Golden("images/transparent-shown.png")));
        using var actual = ImageDecoder.Decode(File.ReadAllBytes(SharedData.Golden("images/transparent.gif")));
        Assert.Equal(shown.ToRgb(), actual.ToRgb());
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(9)]
    [InlineData(200)]
    public void A_transparent_pixel_has_its_colour_in_the_palette(int? transparent) => CheckPixels(
        Global, Global, transparent is { } index ? [TestGif.Control((byte)index)] : [], null);

    [Fact]
    public void The_pictures_own_palette_counts_before_the_files()
    {
        CheckPixels(Local, Global, [TestGif.Control(9)], Local);
        CheckPixels(Local, null, [TestGif.Control(9)], Local);
    }

    [Fact]
    public void Other_extensions_are_passed_over_whatever_is_in_them()
    {
        byte[] misleading = [0x2C, 0x21, 0xF9, 4, 1, 0, 0, 3, 0x3B];
        CheckPixels(Global, Global, [TestGif.Extension(0xFE, misleading, misleading), TestGif.Extension(0xFF, [.. "NETSCAPE2.0"u8], [1, 0, 0]), TestGif.Control(9)], null);
    }

    [Fact]
    public void The_last_control_before_the_picture_counts()
    {
        CheckPixels(Global, Global, [TestGif.Control(6), TestGif.Control(9)], null);
        CheckPixels(Global, Global, [TestGif.Control(9, flags: 0)], null);
    }

    [Theory]
    [InlineData(9, 9)]
    [InlineData(null, 0)]
    public void What_the_picture_does_not_cover_shows_the_transparent_index_or_the_first(int? transparent, int index)
    {
        byte[][] control = transparent is { } hidden ? [TestGif.Control((byte)hidden)] : [];
        var actual = Pixels(TestGif.File(Side + 3, Side + 2, Global, [.. control, TestGif.Picture(2, 1, Side, Side, Indices)]));
        for (var i = 0; i < actual.Length / 3; i++)
        {
            var (y, x) = Math.DivRem(i, Side + 3);
            var covered = x is >= 2 and < Side + 2 && y is >= 1 and < Side + 1;
            var expected = covered ? Indices[((y - 1) * Side) + x - 2] : index;
            Assert.Equal(Global.AsSpan(expected * 3, 3), actual.AsSpan(i * 3, 3));
        }
    }

    [Fact]
    public void An_index_that_the_palette_lacks_is_gray()
    {
        var indices = Indices.Select(index => index == 9 ? (byte)222 : (byte)(index % 16)).ToArray();
        var actual = Pixels(TestGif.File(Side, Side, TestGif.Palette(1, 16), TestGif.Control(222), TestGif.Picture(0, 0, Side, Side, indices)));
        Assert.Equal([222, 222, 222], actual[9..12]);
        Assert.Equal(Global[..3], actual[..3]);
    }

    [Fact]
    public void Without_any_palette_there_is_nothing_to_show()
    {
        var error = Assert.Throws<BadImageException>(() => ImageDecoder.Decode(
            TestGif.File(Side, Side, null, TestGif.Picture(0, 0, Side, Side, Indices))));
        Assert.Equal(BadImageException.Corrupt, error.Cause);
        Assert.Contains("it has no palette", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Of_an_animation_the_first_picture_is_shown_whatever_the_next_one_hides()
    {
        var next = new byte[Side * Side];
        Assert.Equal(
            Expected(Global),
            Pixels(TestGif.File(
                Side, Side, Global, TestGif.Control(9), TestGif.Picture(0, 0, Side, Side, Indices), TestGif.Control(0), TestGif.Picture(0, 0, Side, Side, next, Local))));
    }

    [Fact]
    public void A_cut_in_the_first_picture_is_told_and_one_behind_it_harmless()
    {
        var picture = TestGif.Picture(0, 0, Side, Side, Indices);
        var whole = TestGif.File(Side, Side, Global, TestGif.Control(9), picture, TestGif.Control(0), picture);
        var first = whole.Length - picture.Length - 9;
        Assert.All(Enumerable.Range(1, first - 5), left => Assert.Contains(
            DecodingWays.Cause(whole[..left]), new[] { BadImageException.Truncated, BadImageException.Corrupt, BadImageException.NotAnImage }));
        Assert.All(Enumerable.Range(first, whole.Length - first), left => Assert.Equal(Expected(Global), Pixels(whole[..left])));
    }

    [Fact]
    public void Damaged_bytes_give_an_image_or_a_bad_image_and_nothing_else()
    {
        var (refused, colour) = (0, new byte[3]);
        byte[][] originals =
        [
            File.ReadAllBytes(SharedData.Golden("images/transparent.gif")),
            TestGif.File(Side + 2, Side, Global, TestGif.Extension(0xFE, [1, 2, 3]), TestGif.Control(9), TestGif.Picture(1, 0, Side, Side, Indices, Local)),
        ];
        for (var trial = 0; trial < 1000; trial++)
        {
            var damaged = Mutation.Of(originals[trial % 2], trial);
            refused += DecodingWays.Cause(damaged) is null ? 0 : 1;
            GifColours.TryReadHidden(damaged, colour); // also of what no longer opens
        }

        Assert.InRange(refused, 100, 900);
    }

    private static void CheckPixels(byte[] shown, byte[]? global, byte[][] extensions, byte[]? local) => Assert.Equal(
        Expected(shown), Pixels(TestGif.File(Side, Side, global, [.. extensions, TestGif.Picture(0, 0, Side, Side, Indices, local)])));

    private static byte[] Expected(byte[] palette) => [.. Indices.SelectMany(index => palette[(index * 3)..((index * 3) + 3)])];

    private static byte[] Pixels(byte[] gif)
    {
        using var image = ImageDecoder.Decode(gif);
        return image.ToRgb();
    }
}
