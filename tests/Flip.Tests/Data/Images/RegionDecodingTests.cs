using Flip.Data.Images;
using Flip.Data.Shards;
using Flip.Randomness;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

/// <summary>Decoding of a part of a JPEG, beside decoding of the whole.</summary>
public class RegionDecodingTests
{
    // Mean absolute differences in levels that reduced decoding may make: over photos, and of any one. The photos here, made small and
    // sharp before, are hard ones: photos twice as large
    // differ by half of it.
    private const double Tolerance = 1.5;
    private const double ToleranceOfOne = 3;

    [Theory]
    [InlineData(SKJpegEncoderDownsample.Downsample420, 1)]
    [InlineData(SKJpegEncoderDownsample.Downsample422, 1)]
    [InlineData(SKJpegEncoderDownsample.Downsample444, 1)]
    [InlineData(SKJpegEncoderDownsample.Downsample420, 2)]
    [InlineData(SKJpegEncoderDownsample.Downsample444, 2)]
    [InlineData(SKJpegEncoderDownsample.Downsample420, 4)]
    [InlineData(SKJpegEncoderDownsample.Downsample444, 8)]
    public void Any_rectangle_has_the_pixels_of_the_whole_image(SKJpegEncoderDownsample downsample, int reduction)
    {
        using var pattern = TestImages.Pattern(203, 151);
        CheckRectangles(TestImages.EncodeJpeg(pattern, downsample), reduction);
    }

    [Theory]
    [InlineData("gray.jpg")]
    [InlineData("cmyk.jpg")]
    [InlineData("exif-rotated.jpg")]
    [InlineData("portrait.jpg")]
    public void Any_rectangle_of_a_file_made_elsewhere_has_its_pixels(string file)
    {
        var encoded = File.ReadAllBytes(SharedData.Require($"parity/preprocess/images/{file}"));
        CheckRectangles(encoded, 1);
        CheckRectangles(encoded, 2);
    }

    [Fact]
    public void A_reduction_divides_the_size_rounded_up_and_other_formats_ignore_it()
    {
        var jpeg = TestImages.Encode(131, 70, SKEncodedImageFormat.Jpeg);
        using var half = ImageDecoder.DecodeRegion(jpeg, (w, h) => (CropBox.Whole(w, h), 2));
        using var eighth = ImageDecoder.DecodeRegion(jpeg, (w, h) => (CropBox.Whole(w, h), 8));
        Assert.Equal((66, 35), (half.Image.Width, half.Image.Height));
        Assert.Equal((17, 9), (eighth.Image.Width, eighth.Image.Height));
        Assert.Throws<ArgumentOutOfRangeException>(() => ImageDecoder.DecodeRegion(jpeg, (w, h) => (CropBox.Whole(w, h), 3)));

        var png = TestImages.Encode(131, 70, SKEncodedImageFormat.Png);
        using var whole = ImageDecoder.DecodeRegion(png, (_, _) => (new CropBox(5, 6, 20, 30), 8));
        Assert.Equal((131, 70, 0, 1), (whole.Image.Width, whole.Image.Height, whole.Top, whole.Reduction));
    }

    [Fact]
    public void A_cut_file_that_was_given_an_end_has_the_pixels_of_the_whole_image_in_any_rectangle()
    {
        // Nothing tells that its lower rows are missing; they are filled. Often, and narrow ones among them: a decoder that leaves columns out wrote
        // beside its memory where it filled.
        using var pattern = TestImages.Pattern(96, 320);
        var encoded = TestImages.EncodeJpeg(pattern, SKJpegEncoderDownsample.Downsample420);
        byte[] closed = [.. encoded[..(encoded.Length / 2)], 0xFF, 0xD9];
        for (var trial = 0; trial < 10; trial++)
        {
            CheckRectangles(closed, 1);
            CheckRectangles(closed, 4);
        }
    }

    [Fact]
    public void Training_crops_of_photos_are_those_of_whole_decoding_within_the_tolerance()
    {
        var photos = Photos(40);
        foreach (var size in new[] { 112, 64, 48, 24, 8 })
        {
            var (reduced, whole) = (new TrainTransform(size, 0.5, 0.5, seed: 3), new TrainTransform(size, 0.5, 0.5, seed: 3, reducedDecoding: false));
            var (a, b, differences) = (new byte[size * size * 3], new byte[size * size * 3], new List<double>());
            for (var i = 0; i < photos.Count; i++)
            {
                reduced.Apply(photos[i], epoch: 0, i, a);
                whole.Apply(photos[i], epoch: 0, i, b);
                differences.Add(a.Zip(b, (x, y) => Math.Abs(x - y)).Average());
                using var image = ImageDecoder.Decode(photos[i]);
                whole.Apply(image, epoch: 0, i, a);
                Assert.Equal(a, b);
            }

            TestContext.Current.TestOutputHelper?.WriteLine($"{size}: mean {differences.Average():0.00}, largest {differences.Max():0.00}");
            Assert.InRange(differences.Average(), 0, Tolerance);
            Assert.InRange(differences.Max(), 0, ToleranceOfOne);
        }
    }

    private static List<byte[]> Photos(int count)
    {
        var index = DataSetIndex.Open(SharedData.Require("data/flickr8k/dev-0000.tar"));
        using var files = index.OpenFiles();
        return [.. Enumerable.Range(0, count).Select(i =>
        {
            var (shard, entry) = index.Find(i * 10);
            using var bytes = index.Members(files, shard).ReadImage(entry.Image);
            return bytes.Span.ToArray();
        })];
    }

    private static void CheckRectangles(byte[] encoded, int reduction)
    {
        using var all = ImageDecoder.DecodeRegion(encoded, (w, h) => (CropBox.Whole(w, h), reduction));
        var (width, height) = ImageDecoder.ReadSize(encoded);
        var random = new CounterRandom(3, RandomPurpose.Evaluation, reduction);
        for (var trial = 0; trial < 60; trial++)
        {
            var (left, top) = (random.NextInt(width - 1), random.NextInt(height - 1));
            var crop = new CropBox(left, top, 1 + random.NextInt(width - left), 1 + random.NextInt(height - top));
            using var part = ImageDecoder.DecodeRegion(encoded, (_, _) => (crop, reduction));
            var (columns, rows) = (part.Columns(crop.Left, crop.Width, 1), part.Rows(crop.Top, crop.Height, 1));
            for (var y = rows.First; y < rows.End; y++)
            {
                var start = ((y + part.Top) * all.Image.Width) + columns.First;
                Assert.Equal(
                    all.Image.Pixels.Slice(start * 4, (columns.End - columns.First) * 4),
                    part.Image.Pixels.Slice(((y * part.Image.Width) + columns.First) * 4, (columns.End - columns.First) * 4));
            }
        }
    }
}
