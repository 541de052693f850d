using Flip.Config;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Models;

public sealed class FlipModelTests : IDisposable
{
    private static readonly ModelConfig Tiny = new()
    {
        Image = new ImageConfig { ImageSize = 16, PatchSize = 4, Width = 16, Depth = 2, Heads = 2 },
        Text = new TextConfig { VocabularySize = 30, Length = 8, Width = 16, Depth = 2, Heads = 2 },
        EmbedDim = 8,
    };

    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose() => _scope.Dispose();

    [Fact]
    public void A_causal_tower_that_reads_the_end_token_does_not_see_what_follows_it()
    {
        using var model = Model(Tiny with { Text = Tiny.Text with { Causal = true, Pooling = TextPooling.EndOfText } });
        var before = model.EncodeText(Row(5, 6, 29, 0, 0, 0, 0, 0), Lengths(3));
        AssertEqual(before, model.EncodeText(Row(5, 6, 29, 7, 8, 9, 1, 2), Lengths(3)));
        AssertDiffers(before, model.EncodeText(Row(5, 7, 29, 0, 0, 0, 0, 0), Lengths(3)));
    }

    [Theory]
    [InlineData(TextPooling.FirstToken)]
    [InlineData(TextPooling.Mean)]
    public void Masked_padding_changes_nothing(TextPooling pooling)
    {
        using var model = Model(Tiny with { Text = Tiny.Text with { AttendPadding = false, Pooling = pooling } });
        var before = model.EncodeText(Row(5, 6, 7, 0, 0, 0, 0, 0), Lengths(3));
        AssertEqual(before, model.EncodeText(Row(5, 6, 7, 9, 9, 9, 9, 9), Lengths(3)));
        AssertEqual(before, model.EncodeText(Row(5, 6, 7), Lengths(3)));
        Assert.All(model.EncodeText(Row(0, 0, 0, 0, 0, 0, 0, 0), Lengths(0)).data<float>().ToArray(), x => Assert.True(float.IsFinite(x)));
    }

    [Fact]
    public void Attended_padding_takes_part_as_in_the_official_code()
    {
        using var model = Model(Tiny);
        AssertDiffers(
            model.EncodeText(Row(5, 6, 7, 0, 0, 0, 0, 0), Lengths(3)), model.EncodeText(Row(5, 6, 7, 9, 0, 0, 0, 0), Lengths(3)));
    }

    [Fact]
    public void Removed_tokens_are_as_if_they_were_not_written()
    {
        using var model = Model(Tiny);
        var keep = tensor(new long[] { 0, 2, 5, 6 }).view(1, 4);
        var before = model.EncodeText(Row(5, 6, 7, 8, 9, 1, 2, 3), Lengths(8), keep);
        AssertEqual(before, model.EncodeText(Row(5, 11, 7, 12, 13, 1, 2, 14), Lengths(8), keep));
        AssertDiffers(before, model.EncodeText(Row(5, 6, 11, 8, 9, 1, 2, 3), Lengths(8), keep));
    }

    [Fact]
    public void The_end_token_is_found_among_kept_tokens()
    {
        using var model = Model(Tiny with { Text = Tiny.Text with { Causal = true, Pooling = TextPooling.EndOfText } });
        var keep = tensor(new long[] { 0, 3, 4 }).view(1, 3);

        // Kept: 5, 8 and the end token at position 3; the padding at position 4 follows it and must not be read.
        var before = model.EncodeText(Row(5, 6, 7, 29, 0, 0, 0, 0), Lengths(4), keep);
        AssertEqual(before, model.EncodeText(Row(5, 6, 7, 29, 9, 0, 0, 0), Lengths(4), keep));
    }

    [Theory]
    [InlineData(ClassToken.None, ImagePooling.Mean)]
    [InlineData(ClassToken.WithoutPosition, ImagePooling.Mean)]
    [InlineData(ClassToken.WithPosition, ImagePooling.ClassToken)]
    [InlineData(ClassToken.WithPosition, ImagePooling.PatchMean)]
    [InlineData(ClassToken.WithoutPosition, ImagePooling.PatchMean)]
    public void The_order_of_kept_patches_does_not_matter(ClassToken token, ImagePooling pooling)
    {
        var image = Tiny.Image with { ClassToken = token, Pooling = pooling, Positions = ImagePositions.Learned, PreNorm = true };
        using var model = Model(Tiny with { Image = image });
        var pixels = Images(1);
        var ordered = model.EncodeImage(pixels, tensor(new long[] { 1, 4, 9, 15 }).view(1, 4));
        AssertEqual(ordered, model.EncodeImage(pixels, tensor(new long[] { 15, 1, 9, 4 }).view(1, 4)), 1e-6);
        AssertDiffers(ordered, model.EncodeImage(pixels, tensor(new long[] { 1, 4, 9, 14 }).view(1, 4)));
    }

    [Fact]
    public void A_class_token_outside_the_mean_still_takes_part_in_attention()
    {
        var image = Tiny.Image with { ClassToken = ClassToken.WithPosition, Pooling = ImagePooling.PatchMean, Positions = ImagePositions.Learned };
        using var model = Model(Tiny with { Image = image });
        using var noGrad = no_grad();
        var pixels = Images(1);
        var tokens = model.ImageTokens(pixels);
        AssertEqual(tokens.narrow(1, 1, 16).mean([1]), model.PooledImage(pixels));
        AssertDiffers(tokens.mean([1]), model.PooledImage(pixels));
        var before = model.EncodeImage(pixels);
        model.Parameters.Find("image.classToken")!.Master.fill_(1);
        AssertDiffers(before, model.EncodeImage(pixels));
    }

    [Theory]
    [InlineData(FinalNorm.BeforePooling)]
    [InlineData(FinalNorm.AfterPooling)]
    [InlineData(FinalNorm.None)]
    public void The_last_norm_is_where_the_configuration_says(FinalNorm norm)
    {
        using var model = Model(Tiny with { Image = Tiny.Image with { FinalNorm = norm } });
        using var noGrad = no_grad();
        var pixels = Images(2);
        var (tokens, pooled) = (model.ImageTokens(pixels), model.PooledImage(pixels));

        // A fresh norm has scale 1 and bias 0: what it leaves has mean 0 and deviation 1.
        Assert.Equal(norm == FinalNorm.BeforePooling, tokens.mean([2]).abs().max().item<float>() < 1e-5);
        Assert.Equal(norm == FinalNorm.AfterPooling, pooled.var(1, unbiased: false).sub(1).abs().max().item<float>() < 1e-3);
        Assert.Equal(norm == FinalNorm.None, model.Parameters.Find("image.finalNorm.weight") is null);
    }

    [Fact]
    public void The_towers_can_have_activations_and_epsilons_of_their_own()
    {
        var other = Tiny with { Activation = Activation.QuickGelu, LayerNormEps = 1e-2 };
        using var both = Model(other);
        using var one = Model(other with { Image = other.Image with { Activation = Tiny.Activation, LayerNormEps = Tiny.LayerNormEps } });
        using var none = Model(Tiny);
        using var noGrad = no_grad();
        var (pixels, row) = (Images(1), Row(5, 6, 7, 8, 9, 10, 11, 12));
        AssertEqual(none.EncodeImage(pixels), one.EncodeImage(pixels), 0);
        AssertEqual(both.EncodeText(row, Lengths(8)), one.EncodeText(row, Lengths(8)), 0);
        AssertDiffers(both.EncodeImage(pixels), one.EncodeImage(pixels));
        AssertDiffers(none.EncodeText(row, Lengths(8)), one.EncodeText(row, Lengths(8)));
    }

    [Fact]
    public void The_last_position_is_read_whatever_it_holds()
    {
        using var model = Model(Tiny with { Text = Tiny.Text with { Pooling = TextPooling.LastToken } });
        using var noGrad = no_grad();
        var row = Row(5, 6, 7, 0, 0, 0, 0, 0);
        AssertEqual(model.EncodeText(row, Lengths(3)), model.EncodeText(row, Lengths(1)), 0);
        AssertDiffers(model.EncodeText(row, Lengths(3)), model.EncodeText(Row(5, 6, 7, 0, 0, 0, 0, 9), Lengths(3)));
        var rows = TextRows.Of(model.Config.Text, new[] { 5, 6, 7, 0, 0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0 }, new[] { 3, 1 }, null, groupTokens: 1);
        AssertEqual(model.EncodeText(row, Lengths(3)), model.EncodeText(rows)[0].unsqueeze(0));
    }

    [Fact]
    public void All_patches_kept_is_no_mask()
    {
        using var model = Model(Tiny);
        var pixels = Images(2);
        var all = arange(16, dtype: ScalarType.Int64).repeat(2).view(2, 16);
        AssertEqual(model.EncodeImage(pixels), model.EncodeImage(pixels, all), 1e-6);
    }

    [Fact]
    public void Bytes_are_normalized_as_floats_are()
    {
        using var model = Model(Tiny);
        var pixels = Images(2);
        var (mean, deviation) = PixelStatistics.Of(PixelNormalization.ImageNet);
        var floats = ((pixels.to(ScalarType.Float32) / 255) - tensor(mean)) / tensor(deviation);
        AssertEqual(model.EncodeImage(floats), model.EncodeImage(pixels), 1e-6);
    }

    [Theory]
    [InlineData(InferenceMask.None)]
    [InlineData(InferenceMask.Masked)]
    [InlineData(InferenceMask.Ensemble)]
    public void Inference_gives_unit_embeddings_that_depend_on_the_seed_only_when_one_mask_is_drawn(InferenceMask mask)
    {
        using var model = Model(Tiny);
        var pixels = Images(3).data<byte>().ToArray();
        var first = new InferenceEncoder(model, mask, 0.75, seed: 1).EncodeImages(pixels, 3);
        Assert.All(first.Chunk(8), row => Assert.Equal(1, row.Sum(x => x * x), 1e-4));
        Assert.Equal(first, new InferenceEncoder(model, mask, 0.75, seed: 1).EncodeImages(pixels, 3));
        if (mask != InferenceMask.None)
        {
            Assert.NotEqual(first, new InferenceEncoder(model, mask, 0.75, seed: 2).EncodeImages(pixels, 3));
        }
    }

    [Fact]
    public void The_ensemble_is_the_mean_of_complementary_views()
    {
        using var model = Model(Tiny);
        var pixels = Images(1);
        var random = new Flip.Randomness.CounterRandom(1, Flip.Randomness.RandomPurpose.Evaluation, item: 0);
        var views = Flip.Masking.PatchMask.ComplementaryViews(16, 8, ref random);
        var mean = views.Select(view => model.EncodeImage(pixels, tensor(view).view(1, 8))).Aggregate((a, b) => a + b);
        var expected = (mean / mean.norm()).data<float>().ToArray();
        var actual = new InferenceEncoder(model, InferenceMask.Ensemble, 0.5, seed: 1).EncodeImages(pixels.data<byte>().ToArray(), 1);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Fact]
    public void A_single_inference_mask_is_of_the_configured_kind()
    {
        using var model = Model(Tiny with { Image = Tiny.Image with { MaskKind = ImageMaskKind.Grid } });
        var pixels = Images(1);
        var random = new Flip.Randomness.CounterRandom(1, Flip.Randomness.RandomPurpose.Evaluation, item: 0);
        var ids = new long[4];
        Flip.Masking.PatchMask.Choose(ImageMaskKind.Grid, 4, ids, ref random);
        var expected = model.EncodeImage(pixels, tensor(ids).view(1, 4)).data<float>().ToArray();
        var actual = new InferenceEncoder(model, InferenceMask.Masked, 0.75, seed: 1).EncodeImages(pixels.data<byte>().ToArray(), 1);
        Assert.All(expected.Zip(actual), pair => Assert.Equal(pair.First, pair.Second, 1e-5));
    }

    [Theory]
    [InlineData(InferenceMask.Masked, 0.0)]
    [InlineData(InferenceMask.Ensemble, 0.0)]
    [InlineData(InferenceMask.Ensemble, 0.99)]
    [InlineData(InferenceMask.Masked, 1.0)]
    [InlineData(InferenceMask.Ensemble, null)]
    public void An_inference_mask_has_to_remove_some_patches_and_keep_some(InferenceMask mask, double? ratio)
    {
        using var model = Model(Tiny with { Image = Tiny.Image with { MaskRatio = 0 } });
        var error = Assert.Throws<ConfigException>(() => new InferenceEncoder(model, mask, ratio));
        Assert.Contains("--mask-ratio", error.Message, StringComparison.Ordinal);
        Assert.Single(new InferenceEncoder(model).EncodeImages(Images(1).data<byte>().ToArray(), 1).Chunk(8));
    }

    /// <summary>The patches of one image in order, <c>[1, 16, patchDim]</c>.</summary>
    private static Tensor Patched(Tensor images)
    {
        var patch = (int)images.shape[1] / 4;
        var patches = new byte[images.numel()];
        Patches.Copy(images.data<byte>().ToArray(), 4 * patch, 4, patch, [], patches);
        return tensor(patches).view(1, 16, patch * patch * 3);
    }

    [Fact]
    public void Reconstruction_looks_at_removed_patches_alone()
    {
        using var model = Model(Tiny with { Reconstruction = new ReconstructionConfig { Weight = 1, Width = 8, Depth = 1, Heads = 2 } });
        var keep = tensor(new long[] { 0, 1, 2, 3, 4, 5, 6, 7 }).view(1, 8);
        var restore = arange(16, dtype: ScalarType.Int64).view(1, 16);
        var pixels = Images(1);
        var before = model.EncodeAndReconstruct(Patched(pixels), keep, restore);
        AssertEqual(model.EncodeImage(pixels, keep), before.Embedding, 1e-6);

        var changed = pixels.clone();
        changed.narrow(1, 8, 8).fill_(9); // the lower half: all removed
        var after = model.EncodeAndReconstruct(Patched(changed), keep, restore);
        AssertEqual(before.Embedding, after.Embedding);
        AssertDiffers(before.ReconstructionLoss, after.ReconstructionLoss);
    }

    [Fact]
    public void Learned_positions_survive_a_round_trip_through_another_size()
    {
        var table = rand(1 + 16, 8, generator: new Generator(3));
        var doubled = PositionEmbedding.Resize(table, 1, 8, PositionResize.Bicubic);
        Assert.Equal([65, 8], doubled.shape);
        AssertEqual(table[0], doubled[0]);
        AssertEqual(table, PositionEmbedding.Resize(table, 1, 4, PositionResize.BicubicAntialias), 0);
    }

    [Fact]
    public void Stretched_sine_cosine_positions_cover_the_trained_range()
    {
        var trained = PositionEmbedding.SinCos(4, 16, 4);
        var doubled = PositionEmbedding.SinCos(8, 16, 4);

        // Two neighbours of the finer grid lie half a patch around each trained position: their mean is close to it.
        for (var channel = 0; channel < 16; channel++)
        {
            var mean = (doubled[(((2 * 8) + 2) * 16) + channel] + doubled[(((3 * 8) + 3) * 16) + channel]) / 2;
            Assert.Equal(trained[((4 + 1) * 16) + channel], mean, 0.06);
        }
    }

    [Fact]
    public void Images_of_another_size_are_refused()
    {
        using var model = Model(Tiny);
        var failure = Assert.Throws<ArgumentException>(() => { model.EncodeImage(zeros(1, 20, 20, 3, ScalarType.Byte)); });
        Assert.Contains("[batch, 16, 16, 3], got [1, 20, 20, 3]", failure.Message, StringComparison.Ordinal);
    }

    private static FlipModel Model(ModelConfig config) => new(config, seed: 5);

    private static Tensor Images(int count) => randint(0, 256, [count, 16, 16, 3], ScalarType.Byte, generator: new Generator(1));

    private static Tensor Row(params long[] ids) => tensor(ids).view(1, ids.Length);

    private static Tensor Lengths(long length) => tensor(new[] { length });

    private static float Difference(Tensor a, Tensor b) => (a - b).abs().max().item<float>();

    private static void AssertEqual(Tensor expected, Tensor actual, double tolerance = 1e-6) =>
        Assert.InRange(Difference(expected, actual), 0, tolerance);

    private static void AssertDiffers(Tensor a, Tensor b) => Assert.True(Difference(a, b) > 1e-5);
}
