using Flip.Config;
using Flip.Data.Images;

namespace Flip.Tests.Data.Images;

/// <summary>Against Pillow, torchvision and TensorFlow's kernels (shared/parity/preprocess).</summary>
public class PreprocessParityTests(ITestOutputHelper output)
{
    private const int Size = 224;

    [Theory]
    [InlineData("rgb.png", 0, 0)]
    [InlineData("alpha.png", 0, 0)]
    [InlineData("palette.png", 0, 0)]
    [InlineData("gray16.png", 0, 0)]
    [InlineData("landscape.jpg", 0.5, 6)]
    [InlineData("portrait.jpg", 0.5, 6)]
    [InlineData("gray.jpg", 0.5, 6)]
    [InlineData("exif-rotated.jpg", 0.5, 6)]
    [InlineData("large.jpg", 0.5, 6)]
    [InlineData("tiny.jpg", 0.5, 6)]
    [InlineData("wide.jpg", 0.5, 6)]
    [InlineData("photo.webp", 0.5, 6)]
    [InlineData("cmyk.jpg", 0.5, 6)]
    public void Evaluation_transforms_equal_the_references(string file, double meanTolerance, int tailTolerance)
    {
        var fixture = PreprocessFixture.Load(file);
        foreach (var (kind, tensor) in new[] { (EvalTransform.Flip, "flip_u8"), (EvalTransform.Clip, "clip_u8") })
        {
            var actual = new byte[Size * Size * 3];
            new EvaluationTransform(kind, Size).Apply(fixture.Image, actual);
            var (mean, tail, max) = Differences(fixture.Bytes(tensor), actual);
            output.WriteLine($"{file} {tensor}: mean {mean:F4}, 99.9th percentile {tail}, max {max}");
            Assert.InRange(mean, 0, meanTolerance);
            Assert.InRange(tail, 0, tailTolerance);
        }
    }

    [Theory]
    [InlineData("rgb.png", 35, "flip_tf_eval_f32", ResampleKernel.TfCornerAligned)]
    [InlineData("rgb.png", 35, "flip_tf_train_resize_f32", ResampleKernel.TfHalfPixel)]
    [InlineData("landscape.jpg", 0, "flip_tf_eval_f32", ResampleKernel.TfCornerAligned)]
    [InlineData("landscape.jpg", 0, "flip_tf_train_resize_f32", ResampleKernel.TfHalfPixel)]
    public void TensorFlow_kernels_equal_the_reference(string file, int cropTop, string tensor, ResampleKernel kernel)
    {
        var fixture = PreprocessFixture.Load(file);
        using var image = ImageDecoder.Decode(fixture.Image);
        var crop = CropBox.CentralSquare(image.Width, image.Height);
        Assert.Equal(cropTop, crop.Top);
        var actual = new float[Size * Size * 3];
        Resampler.Resize(image, crop, Size, kernel, actual);
        var differences = fixture.Floats(tensor).Zip(actual, (e, a) => (double)Math.Abs(e - a)).Order().ToArray();
        output.WriteLine($"{file} {tensor}: mean {differences.Average():F5}, 99.9th percentile {differences[^150]:F4}, max {differences[^1]:F4}");

        // A JPEG decoder may differ by a level or two; a PNG leaves the kernel alone.
        Assert.InRange(differences[^1], 0, file.EndsWith("png", StringComparison.Ordinal) ? 0.05 : 6);
        Assert.InRange(differences.Average(), 0, file.EndsWith("png", StringComparison.Ordinal) ? 0.01 : 0.5);
    }

    [Fact]
    public void The_TensorFlow_evaluation_transform_is_the_reference_rounded_and_kept_in_range()
    {
        var fixture = PreprocessFixture.Load("rgb.png");
        var actual = new byte[Size * Size * 3];
        new EvaluationTransform(EvalTransform.FlipTensorFlow, Size).Apply(fixture.Image, actual);
        Assert.All(fixture.Floats("flip_tf_eval_f32").Zip(actual), pair => Assert.InRange(Math.Clamp(pair.First, 0, 255) - pair.Second, -0.55, 0.55));
    }

    [Fact]
    public void Hidden_colors_show_and_exif_rotation_is_left_alone()
    {
        using var alpha = ImageDecoder.Decode(PreprocessFixture.Load("alpha.png").Image);
        using var rotated = ImageDecoder.Decode(PreprocessFixture.Load("exif-rotated.jpg").Image);
        Assert.Equal((240, 320), (rotated.Width, rotated.Height));
        var mean = alpha.ToRgb().Chunk(3).Select(p => (double)p[0]).Average();
        Assert.Equal(98.8342, mean, 1e-3);
    }

    private static (double Mean, int Tail, int Max) Differences(byte[] expected, byte[] actual)
    {
        var differences = expected.Zip(actual, (e, a) => Math.Abs(e - a)).Order().ToArray();
        return (differences.Average(), differences[(int)(differences.Length * 0.999)], differences[^1]);
    }
}
