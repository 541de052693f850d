using Flip.Config;
using Flip.Conversion.Onnx;
using Flip.Models;
using Flip.Randomness;

namespace Flip.Tests.Conversion.Onnx;

/// <summary>Images by ONNX Runtime against libtorch's, for one set of weights.</summary>
public class OnnxEncoderTests
{
    private const double Tolerance = 2e-6; // of entries of vectors of length 1

    public static TheoryData<string> Kinds => ["paper", "CLIP", "SigLIP"];

    [Theory]
    [MemberData(nameof(Kinds))]
    public void Images_are_those_of_the_towers_but_for_rounding_whatever_their_number(string kind)
    {
        using var model = TinyModels.Make(ConfigOf(kind));
        using var encoder = new OnnxEncoder(model);
        var towers = new InferenceEncoder(model);
        Assert.Equal((towers.ImageSize, towers.TextLength, towers.EmbedDim), (encoder.ImageSize, encoder.TextLength, encoder.EmbedDim));
        foreach (var count in (int[])[3, 1, 8, 21, 3])
        {
            var pixels = Pixels(count, towers.ImageSize);
            var (expected, actual) = (towers.EncodeImages(pixels, count), encoder.EncodeImages(pixels, count));
            Assert.Equal(count * towers.EmbedDim, actual.Length);
            Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
            Assert.Equal(actual, encoder.EncodeImages(pixels, count)); // the same batch has the same bits
        }
    }

    [Fact]
    public void Texts_are_those_of_the_towers_to_the_last_bit()
    {
        using var model = TinyModels.Make(TinyModels.Paper);
        using var encoder = new OnnxEncoder(model);
        int[] tokens = [3, 4, 5, 0, 0, 0, 0, 0, 9, 8, 7, 6, 5, 4, 3, 2];
        Assert.Equal(new InferenceEncoder(model).EncodeTexts(tokens, new[] { 3, 8 }, 2), encoder.EncodeTexts(tokens, new[] { 3, 8 }, 2));
    }

    [Fact]
    public void Levels_of_pixels_become_the_models_numbers_channel_by_channel()
    {
        var pixels = new OnnxPixels([0, 0.5f, 1], [1, 0.5f, 2]);
        byte[] twoOfTwo = [0, 255, 255, 51, 0, 0, /* the second */ 255, 51, 0, 0, 255, 51]; // [2 images, 1, 2, 3]
        Assert.Equal([0, 0.2f, 1, -1, 0, -0.5f, 1, 0, -0.6f, 1, -0.5f, -0.4f], pixels.Normalized(twoOfTwo, 2).Select(value => MathF.Round(value, 6)));
    }

    private static ModelConfig ConfigOf(string kind) => kind switch
    {
        "CLIP" => TinyModels.Clip,
        "SigLIP" => TinyModels.Paper with
        {
            Image = TinyModels.Paper.Image with { Positions = ImagePositions.Learned, Pooling = ImagePooling.Attention, Normalization = PixelNormalization.Half },
        },
        _ => TinyModels.Paper,
    };

    private static byte[] Pixels(int count, int size)
    {
        var random = new CounterRandom(5, RandomPurpose.Evaluation);
        var pixels = new byte[count * size * size * 3];
        foreach (ref var pixel in pixels.AsSpan())
        {
            pixel = (byte)random.NextUInt32();
        }

        return pixels;
    }
}
