using Flip.Config;
using Flip.Masking;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Training;

/// <summary>What the loader's threads make for a step is what was made from the whole batch before.</summary>
public class PairRowsTests
{
    [Theory]
    [InlineData(ImageMaskKind.Random, 0.5, 0)]
    [InlineData(ImageMaskKind.Block, 0.75, 0)]
    [InlineData(ImageMaskKind.Grid, 0.5, 0.6)]
    [InlineData(ImageMaskKind.Random, 0, 0)]
    [InlineData(ImageMaskKind.Random, 0, 0.6)]
    public void Masks_and_patches_are_those_of_the_whole_batch_to_the_bit(ImageMaskKind kind, double ratio, double reconstruction)
    {
        using var scope = NewDisposeScope();
        var config = Config(kind, reconstruction);
        var (batch, layout) = (TinyRun.Batch(5, 995), TinyRun.Layout(config));
        using var rows = PairRows.Of(batch, 0, 5, layout, ratio);
        var inputs = rows.Send();
        var kept = MaskRatio.Kept(16, ratio);
        var expected = PatchMask.ChooseBatch(kind, 4, kept, layout.Seed, batch.Epochs, batch.Samples);
        var patches = tensor(batch.Images).view(5, 4, 4, 4, 4, 3).permute(0, 1, 3, 2, 4, 5).reshape(5, 16, 48);
        if (kept == 16)
        {
            Assert.Null(inputs.ImageKeep);
            Assert.Null(inputs.ImageRestore);
            Assert.Equal(patches.data<byte>().ToArray(), inputs.Patches.data<byte>().ToArray());
            return;
        }

        Assert.Equal(expected, inputs.ImageKeep!.data<long>().ToArray());
        var sent = reconstruction > 0 ? patches : patches.take_along_dim(tensor(expected).view(5, kept, 1), 1);
        Assert.Equal(sent.data<byte>().ToArray(), inputs.Patches.data<byte>().ToArray());
        Assert.Equal(reconstruction > 0, inputs.ImageRestore is not null);
        if (inputs.ImageRestore is { } restore)
        {
            var orders = expected.Chunk(kept).SelectMany(keep => PatchMask.Restore(PatchMask.WithRemoved(keep, 16)));
            Assert.Equal(orders, restore.data<long>().ToArray());
        }
    }

    [Theory]
    [InlineData(TextMaskKind.Random)]
    [InlineData(TextMaskKind.Prioritized)]
    [InlineData(TextMaskKind.Block)]
    public void Kept_tokens_are_those_of_the_whole_batch(TextMaskKind kind)
    {
        using var scope = NewDisposeScope();
        var config = TinyRun.Config with { Model = TinyRun.Config.Model with { Text = TinyRun.Config.Model.Text with { MaskKind = kind, MaskRatio = 0.5 } } };
        var (batch, layout) = (TinyRun.Batch(7), TinyRun.Layout(config));
        using var rows = PairRows.Of(batch, 0, 7, layout, 0.5);
        var expected = TextMask.ChooseBatch(kind, new int[7], 6, 3, layout.Seed, batch.Epochs, batch.Samples, batch.Lengths);
        var group = Assert.Single(rows.Send().Texts.Groups);
        Assert.Equal(expected, group.IdsKeep!.data<long>().ToArray());
        Assert.Equal(batch.Tokens.Select(token => (long)token), group.Tokens.data<long>().ToArray());
    }

    [Fact]
    public void Rows_filled_by_many_threads_are_those_filled_by_one()
    {
        using var scope = NewDisposeScope();
        var layout = TinyRun.Layout(Config(ImageMaskKind.Random, 0));
        var batch = TinyRun.Batch(64);
        using var one = PairRows.Of(batch, 0, 64, layout, 0.5);
        using var many = new PairRows(layout, 64, 0.5);
        Parallel.For(0, 64, i => many.Fill(
            i, batch.Images.AsSpan(i * 768, 768), batch.Tokens.AsSpan(i * 6, 6), batch.Lengths[i], batch.Epochs[i], batch.Samples[i]));
        Assert.Throws<InvalidOperationException>(many.Send);
        many.Finish(batch.Tokens, batch.Lengths);
        var (expected, actual) = (one.Send(), many.Send());
        Assert.Equal(expected.Patches.data<byte>().ToArray(), actual.Patches.data<byte>().ToArray());
        Assert.Equal(expected.ImageKeep!.data<long>().ToArray(), actual.ImageKeep!.data<long>().ToArray());
    }

    [Fact]
    public void A_pair_of_half_an_image_is_half_the_bytes()
    {
        var layout = new PairLayout(new ModelConfig(), 0, CPU);
        Assert.Equal(((98 * 768) + (98 * 8) + (66 * 8)), layout.BytesOfPair(0.5)); // kept patches, their indices, the text
        Assert.Equal((196 * 768) + (196 * 8) + (66 * 8), layout.BytesOfPair(0));
    }

    private static FlipConfig Config(ImageMaskKind kind, double reconstruction) => TinyRun.Config with
    {
        Model = TinyRun.Config.Model with
        {
            Image = TinyRun.Config.Model.Image with { MaskKind = kind },
            Reconstruction = new ReconstructionConfig { Weight = reconstruction, Width = 8, Depth = 1, Heads = 2 },
        },
    };
}
