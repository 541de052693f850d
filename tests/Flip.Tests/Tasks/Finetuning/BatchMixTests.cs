using Flip.Config;
using Flip.Randomness;
using Flip.Tasks.Finetuning;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Tasks.Finetuning;

public class BatchMixTests
{
    private static readonly FinetuneConfig Both = new() { Seed = 5 };

    [Theory]
    [InlineData(0.2)]
    [InlineData(0.8)]
    [InlineData(1)]
    [InlineData(3)]
    public void Shares_have_the_moments_of_the_beta_distribution(double alpha)
    {
        var random = new CounterRandom(1, RandomPurpose.Mixing);
        var shares = Enumerable.Range(0, 50_000).Select(_ => BetaSampler.Next(alpha, ref random)).ToList();
        Assert.All(shares, share => Assert.InRange(share, 0, 1));
        Assert.Equal(0.5, shares.Average(), 0.01);
        Assert.Equal(1 / (4 * ((2 * alpha) + 1)), shares.Average(share => (share - 0.5) * (share - 0.5)), 0.005);

        // The fourth central moment tells it from other distributions of that variance.
        var fourth = 3.0 / (16 * ((2 * alpha) + 1) * ((2 * alpha) + 3));
        Assert.Equal(fourth, shares.Average(share => Math.Pow(share - 0.5, 4)), 0.002);
    }

    [Fact]
    public void A_step_is_cut_or_mixed_up_half_of_the_time_each_and_always_the_same_way()
    {
        var mixes = Enumerable.Range(0, 4000).Select(step => BatchMix.Of(Both, 32, step)).ToList();
        Assert.Equal(0.5, mixes.Count(mix => mix.Cut is not null) / 4000.0, 0.03);
        Assert.Equal(mixes[7], BatchMix.Of(Both, 32, 7));
        Assert.NotEqual(mixes[7], BatchMix.Of(Both with { Seed = 6 }, 32, 7));
        Assert.All(mixes, mix => Assert.NotEqual(BatchMix.None, mix));
        Assert.All(mixes.Where(mix => mix.Cut is not null), mix => Assert.Equal(1 - (mix.Cut!.Value.Area / 1024.0), mix.Share, 1e-12));
    }

    [Fact]
    public void One_kind_alone_and_a_probability_are_heeded()
    {
        Assert.All(Enumerable.Range(0, 100), step => Assert.Null(BatchMix.Of(Both with { Cutmix = 0 }, 32, step).Cut));
        Assert.All(Enumerable.Range(0, 100), step => Assert.NotNull(BatchMix.Of(Both with { Mixup = 0 }, 32, step).Cut));
        Assert.Equal(BatchMix.None, BatchMix.Of(Both with { Mixup = 0, Cutmix = 0 }, 32, 1));
        var sometimes = Enumerable.Range(0, 1000).Count(step => BatchMix.Of(Both with { MixProbability = 0.3 }, 32, step) != BatchMix.None);
        Assert.InRange(sometimes, 250, 350);
    }

    [Fact]
    public void Mixed_up_pixels_are_the_normalised_sum_with_the_partner_from_the_end()
    {
        using var scope = NewDisposeScope();
        var batch = TinyClassifier.Batch(4);
        var mixed = MixedImages.Of(batch, 0, 4, new BatchMix(0.75, null), PixelNormalization.Half, CPU).data<float>().ToArray();
        Assert.Equal((((0.75 * batch.Images[5]) + (0.25 * batch.Images[(3 * 768) + 5])) / 255 / 0.5) - 1, mixed[5], 1e-5);
        Assert.Equal((((0.75 * batch.Images[(2 * 768) + 9]) + (0.25 * batch.Images[768 + 9])) / 255 / 0.5) - 1, mixed[(2 * 768) + 9], 1e-5);
    }

    [Fact]
    public void A_cut_has_the_partners_pixels_inside_and_the_images_own_outside()
    {
        using var scope = NewDisposeScope();
        var batch = TinyClassifier.Batch(4);
        var cut = new MixRectangle(2, 5, 3, 16);
        var mixed = MixedImages.Of(batch, 1, 2, new BatchMix(0.5, cut), PixelNormalization.Half, CPU).data<byte>().ToArray();
        for (var pixel = 0; pixel < 256; pixel++)
        {
            var inside = pixel / 16 is >= 2 and < 5 && pixel % 16 >= 3;
            Assert.Equal(batch.Images[((inside ? 2 : 1) * 768) + (pixel * 3)], mixed[pixel * 3]);
        }
    }

    [Fact]
    public void Parts_of_a_batch_have_the_partners_of_the_whole()
    {
        using var scope = NewDisposeScope();
        var batch = TinyClassifier.Batch(6);
        foreach (var mix in new[] { new BatchMix(0.3, null), new BatchMix(0.5, new MixRectangle(0, 8, 0, 8)) })
        {
            var whole = MixedImages.Of(batch, 0, 6, mix, PixelNormalization.ImageNet, CPU);
            var part = MixedImages.Of(batch, 4, 2, mix, PixelNormalization.ImageNet, CPU);
            Assert.True(whole.narrow(0, 4, 2).equal(part).all().ToBoolean());
        }
    }
}
