using Flip.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Data.Images;

public class TrainTransformTests
{
    [Fact]
    public void A_sample_is_a_function_of_seed_epoch_and_index()
    {
        var encoded = TestImages.Encode(80, 60, SKEncodedImageFormat.Jpeg);
        byte[] Apply(ulong seed, int epoch, long sample)
        {
            var result = new byte[32 * 32 * 3];
            new TrainTransform(32, 0.5, 0.5, seed).Apply(encoded, epoch, sample, result);
            return result;
        }

        Assert.Equal(Apply(1, 2, 3), Apply(1, 2, 3));
        Assert.NotEqual(Apply(1, 2, 3), Apply(2, 2, 3));
        Assert.NotEqual(Apply(1, 2, 3), Apply(1, 3, 3));
        Assert.NotEqual(Apply(1, 2, 3), Apply(1, 2, 4));
    }

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(0.5, 450, 550)]
    [InlineData(1, 1000, 1000)]
    public void Flips_come_with_their_probability(double probability, int low, int high)
    {
        var transform = new TrainTransform(32, 0.5, probability, seed: 5);
        Assert.InRange(Enumerable.Range(0, 1000).Count(i => transform.Draw(80, 60, 0, i).Mirror), low, high);
    }

    [Fact]
    public void Bytes_and_decoded_image_give_the_same()
    {
        var encoded = TestImages.Encode(50, 40, SKEncodedImageFormat.Png);
        var transform = new TrainTransform(32, 0.5, 0.5, seed: 5);
        var (fromBytes, fromImage) = (new byte[transform.Size * transform.Size * 3], new byte[transform.Size * transform.Size * 3]);
        using var image = ImageDecoder.Decode(encoded);
        transform.Apply(encoded, 1, 2, fromBytes);
        transform.Apply(image, 1, 2, fromImage);
        Assert.Equal(fromImage, fromBytes);
    }

    [Fact]
    public void A_large_jpeg_decoded_at_half_size_looks_the_same()
    {
        var encoded = TestImages.Encode(300, 260, SKEncodedImageFormat.Jpeg, quality: 95);
        var transform = new TrainTransform(48, 0.5, 0.5, seed: 5);
        using var image = ImageDecoder.Decode(encoded);
        for (var sample = 0; sample < 20; sample++)
        {
            var (reduced, full) = (new byte[transform.Size * transform.Size * 3], new byte[transform.Size * transform.Size * 3]);
            transform.Apply(encoded, 0, sample, reduced);
            transform.Apply(image, 0, sample, full);
            Assert.NotEqual(full, reduced);
            Assert.InRange(full.Zip(reduced, (a, b) => Math.Abs(a - b)).Average(), 0, 4);
        }
    }
}
