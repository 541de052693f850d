using Flip.Config;
using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Images;
using Flip.Data.Loading;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

/// <summary>Files that are cut or damaged, in formats other than JPEG, and what becomes of damaged files where images are read.</summary>
public sealed class DamagedImageTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();

    public void Dispose() => _images.Dispose();

    [Fact]
    public void A_cut_png_is_refused_or_has_all_its_pixels()
    {
        var png = TestImages.Encode(60, 40, SKEncodedImageFormat.Png);
        using var whole = ImageDecoder.Decode(png);
        var taken = 0;
        for (var left = png.Length; left > 0; left -= left > png.Length - 40 ? 1 : 97)
        {
            if (DecodingWays.Cause(png[..left]) is null)
            {
                using var image = ImageDecoder.Decode(png.AsSpan(0, left));
                Assert.Equal(whole.ToRgb(), image.ToRgb());
                taken++;
            }
        }

        Assert.InRange(taken, 12, 24); // the last chunk, and checksums
        Assert.Equal(BadImageException.Truncated, DecodingWays.Cause(png[..(png.Length / 2)]));
    }

    [Fact]
    public void A_png_whose_checksum_is_wrong_is_corrupt()
    {
        var png = TestImages.Encode(60, 40, SKEncodedImageFormat.Png);
        png[^13] ^= 1; // the checksum of the pixels, before the last chunk of twelve bytes
        Assert.Equal(BadImageException.Corrupt, DecodingWays.Cause(png));
    }

    [Theory]
    [InlineData(SKWebpEncoderCompression.Lossy)]
    [InlineData(SKWebpEncoderCompression.Lossless)]
    public void A_cut_webp_is_refused_wherever_it_is_cut(SKWebpEncoderCompression compression)
    {
        using var bitmap = SKBitmap.Decode(TestImages.Encode(60, 40, SKEncodedImageFormat.Png));
        using var pixels = bitmap.PeekPixels();
        using var data = pixels.Encode(new SKWebpEncoderOptions(compression, 80))!;
        CheckWebp(data.ToArray());
    }

    [Fact]
    public void So_is_an_animation_behind_its_first_picture() => CheckWebp(File.ReadAllBytes(SharedData.Golden("images/animated.webp")));

    [Fact]
    public void A_cut_bitmap_is_truncated()
    {
        using var bytes = Flip.Data.Images.RawBitmap.Create(16, 8);
        var bitmap = bytes.Span.ToArray();
        Assert.Null(DecodingWays.Cause(bitmap));
        Assert.All([60, 100, bitmap.Length - 1], left => Assert.Equal(BadImageException.Truncated, DecodingWays.Cause(bitmap[..left])));
    }

    [Fact]
    public void Transparent_colours_of_a_png_show()
    {
        byte[] trns = [.. "tRNS"u8];
        byte[] palette = [.. "PLTE"u8, 10, 20, 30, 200, 100, 50];
        Assert.Equal([10, 20, 30, 200, 100, 50], Pixels(TestImages.Png(2, 1, 8, 3, [palette, [.. trns, 128, 0]], [[0, 1]])));
        Assert.Equal([77, 77, 77, 78, 78, 78], Pixels(TestImages.Png(2, 1, 8, 0, [[.. trns, 0, 77]], [[77, 78]])));
        Assert.Equal([1, 2, 3, 4, 5, 6], Pixels(TestImages.Png(2, 1, 8, 2, [[.. trns, 0, 1, 0, 2, 0, 3]], [[1, 2, 3, 4, 5, 6]])));
        Assert.Equal([1, 2, 3, 4, 5, 6], Pixels(TestImages.Png(2, 1, 8, 6, [], [[1, 2, 3, 0, 4, 5, 6, 1]])));
        Assert.Equal([9, 9, 9, 8, 8, 8], Pixels(TestImages.Png(2, 1, 8, 4, [], [[9, 0, 8, 3]])));
        Assert.Equal([7, 8, 9], Pixels(TestImages.Png(1, 1, 16, 2, [[.. trns, 7, 7, 8, 8, 9, 9]], [[7, 7, 8, 8, 9, 9]])));
    }

    [Fact]
    public void An_evaluation_stops_at_a_cut_progressive_jpeg_and_names_it_or_leaves_it_out_where_that_is_allowed()
    {
        AddPair();
        var source = FileImages.OfFolder(_images.Path);
        var transform = new EvaluationTransform(EvalTransform.Clip, 16);
        var error = Assert.Throws<EvaluationDataException>(() => new ImageLoader(source, transform).Read(4).Count());
        Assert.Contains("'cut.jpg'", error.Message, StringComparison.Ordinal);
        Assert.Contains("truncated image: Jpeg of 96x72 in ", error.Message, StringComparison.Ordinal);
        var batch = new ImageLoader(source, transform, allowMissing: true).Read(4).Single();
        Assert.Equal([1], batch.Samples);
        Assert.Equal([0], batch.Missing.Keys);
    }

    [Fact]
    public void A_training_replaces_and_counts_it()
    {
        AddPair();
        var labelled = new LabelledImages(FileImages.OfFolder(_images.Path), [[0], [1]], ["a", "b"]);
        using var loader = new BatchLoader(labelled, new TrainTransform(16, 0.5, 0.5, seed: 1), new BatchLoaderOptions { MaxBadShare = 0.9 });
        Assert.Equal([1, 1, 1, 1], loader.Next(4).Samples);
        Assert.Equal([BadImageException.Truncated], loader.BadSamples.Keys);
    }

    private static void CheckWebp(byte[] webp)
    {
        DecodingWays.CheckEveryCut(webp, step: 61);
        Assert.Equal(BadImageException.Truncated, DecodingWays.Cause(webp[..(webp.Length / 2)]));
        webp[5]++;
        Assert.Equal(BadImageException.Truncated, DecodingWays.Cause(webp));
    }

    private static byte[] Pixels(byte[] encoded)
    {
        using var image = ImageDecoder.Decode(encoded);
        return image.ToRgb();
    }

    private void AddPair()
    {
        var jpeg = TestJpeg.Progressive("progressive");
        _images.AddBytes("cut.jpg", jpeg[..(jpeg.Length * 35 / 100)]);
        _images.AddBytes("whole.jpg", jpeg);
    }
}
