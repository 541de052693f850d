using Flip.Cli.Benchmarking.Scaling;
using Flip.Config;

namespace Flip.Tests.Cli.Benchmarking.Scaling;

/// <summary>The time of a step on many GPUs: each term against numbers worked out by hand, and what must hold for any of them.</summary>
public sealed class ScalingModelTests
{
    private static readonly ModelConfig B16 = Presets.Get("flip-b16").Config.Model;
    private static readonly ModelConfig L16 = Presets.Get("flip-l16").Config.Model;

    // No latency, 10 GB/s wherever two GPUs meet.
    private static readonly ClusterNetwork Plain = new(1, 10e9, 10e9, [new RingProtocol("ring", 0, 0, 0, 1)], [new RingProtocol("tree", 1, 0, 0, 1)]);

    [Fact]
    public void A_pairs_time_is_that_of_docs_gpu()
    {
        // B/16, mask 50 %: 58.7 GFLOP at 700 TFLOP/s are 84 us. Attention of 98 tokens is 1.06 GFLOP of it, twice more for its slowness: 3 us.
        // 84 bytes x (98 x 12 x 768 + 32 x 12 x 512 units) at 3 TB/s: 31 us. The text tower's attention is 0.08 GFLOP.
        Assert.Equal(118e-6, ClusterGpu.H100.PairSeconds(B16, 0.5), 6);
    }

    [Fact]
    public void The_loss_is_four_products_and_27_passes_over_the_logits()
    {
        // 64 rows x 256 columns x 512: 4 products of 16.8 MFLOP at 1 TFLOP/s are 67.1 us; 108 bytes x 16384 at 1 TB/s are 1.77 us.
        var gpu = new ClusterGpu("plain", 1e12, 1e12, 1e12);
        Assert.Equal(68.88e-6, Model(B16, new ScalingChoices(256), gpu: gpu).Step(4).Loss, 7);
    }

    [Fact]
    public void The_update_is_divided_and_the_passes_are_not()
    {
        var gpu = new ClusterGpu("plain", 1e12, 1e12, 1e12);
        var parameters = ModelCost.Of(B16).Parameters;
        var step = Model(B16, new ScalingChoices(256), gpu: gpu).Step(4);
        Assert.Equal(parameters * 9.5e-12, step.Update, 9); // 38 bytes / 4 GPUs
        Assert.Equal(parameters * 16e-12, step.Passes, 9);
    }

    [Fact]
    public void Texts_are_gathered_once_and_their_gradients_scattered_once()
    {
        // 65536 x 512 x 4 bytes are 134.2 MB; 3/4 of it at 10 GB/s are 10.07 ms, twice. Two sums of 262 kB send 393 kB each: 39.3 us, twice.
        var step = Model(B16, new ScalingChoices(65536)).Step(4);
        Assert.Equal(20.13e-3, step.Texts, 5);
        Assert.Equal(78.6e-6, step.Columns, 7);
    }

    [Fact]
    public void A_ring_of_texts_counts_what_computing_does_not_cover()
    {
        // 4 GPUs, 16384 pairs each: blocks of 33.6 MB take 3.355 ms. In 2 rounds of 4 steps a block comes beneath the computing, and in the second one
        // its gradient follows. The sums of a block are 131 kB: 13.1 us, 4 times.
        var choices = new ScalingChoices(65536, TextExchange.Ring);
        var gpu = new ClusterGpu("plain", 1e15, 1e15, 1e30); // 16384 x 65536 x 512: 1.0995 ms in the first round, 3.2985 in the second
        var step = Model(B16, choices, gpu: gpu).Step(4);
        Assert.Equal((4 * 3 * 3.3554e-3) - 1.0995e-3 - 3.2985e-3, step.Texts, 6);
        Assert.Equal(4 * 13.1e-6, step.Columns, 6);
    }

    [Fact]
    public void Gradients_count_beyond_the_backward_pass_and_at_least_the_last_bucket()
    {
        // Two GPUs; a model of P numbers sends P x 2 bytes at 10 GB/s.
        var parameters = (double)ModelCost.Of(B16).Parameters;
        var buckets = Math.Ceiling(parameters / (1 << 22));
        var all = parameters * 2 / 10e9;

        // 1 pair/s: the backward pass takes hundreds of seconds, and the last bucket follows it.
        Assert.Equal(all / buckets, Model(B16, new ScalingChoices(1000), pairsPerSecond: 1).Step(2).Gradient, 9);

        // A million pairs/s: 500 pairs take 0.5 ms, of which the backward pass is 1/3 ms. Its first bucket is there after 1/buckets of it.
        var backward = 1e-3 / 3;
        Assert.Equal(all - (backward * (1 - (1 / buckets))), Model(B16, new ScalingChoices(1000), pairsPerSecond: 1e6).Step(2).Gradient, 9);
    }

    [Fact]
    public void Weights_are_gathered_in_buckets_or_together_or_beneath_the_next_pass()
    {
        var slow = Plain with { Rings = [new RingProtocol("ring", 0, 0, 1e-3, 1)] }; // a hop takes 1 ms
        var parameters = (double)ModelCost.Of(B16).Parameters;
        var (buckets, bytes) = (Math.Ceiling(parameters / (1 << 22)), parameters * 2 / 10e9);
        double Weights(WeightGather when, int weightBytes = 4) =>
            Model(B16, new ScalingChoices(1000) { Weights = when, WeightBytes = weightBytes }, slow, pairsPerSecond: 1).Step(2).Weights;
        Assert.Equal(bytes + (buckets * 1e-3), Weights(WeightGather.Bucket), 9);
        Assert.Equal(bytes + 1e-3, Weights(WeightGather.Together), 9);
        Assert.Equal((bytes / 2) + 1e-3, Weights(WeightGather.Together, 2), 9);
        Assert.Equal((bytes / buckets) + 1e-3, Weights(WeightGather.Overlapped), 9); // the first bucket alone
    }

    [Fact]
    public void Buckets_are_those_of_the_training()
    {
        Assert.Equal(40, new ScalingChoices(1).Buckets(40 << 22, 63)); // 4 Mi numbers
        Assert.Equal(20, new ScalingChoices(1).Buckets(40 << 22, 64)); // of 64 ranks twice as many
        Assert.Equal(16, new ScalingChoices(1).Buckets(1000, 1)); // a small model has 16
        Assert.Equal(20, (new ScalingChoices(1) { BucketBytes = 1 << 25 }).Buckets(20L << 23, 1024));
    }

    [Fact]
    public void One_GPU_exchanges_nothing_and_is_fully_used()
    {
        foreach (var texts in Enum.GetValues<TextExchange>())
        {
            var step = Model(L16, new ScalingChoices(32768, texts), ClusterNetwork.H100).Step(1);
            Assert.Equal(0, step.Exchange);
            Assert.Equal(1, step.Efficiency, 12);
        }
    }

    [Theory]
    [InlineData(TextExchange.Gather, WeightGather.Bucket, false)]
    [InlineData(TextExchange.Ring, WeightGather.Together, false)]
    [InlineData(TextExchange.Gather, WeightGather.Overlapped, true)]
    public void More_bandwidth_is_never_slower_and_more_GPUs_never_more_efficient(TextExchange texts, WeightGather weights, bool twoLevels)
    {
        var choices = new ScalingChoices(65536, texts) { Weights = weights };
        var network = ClusterNetwork.H100 with { TwoLevels = twoLevels };
        var last = 1.0;
        for (var world = 1; world <= 1024; world *= 2)
        {
            var step = Model(L16, choices, network).Step(world);
            var quicker = Model(L16, choices, network with { InterBandwidth = 2 * network.InterBandwidth, IntraBandwidth = 2 * network.IntraBandwidth }).Step(world);
            Assert.InRange(step.Efficiency, 0, last + 1e-12);
            Assert.True(quicker.Seconds <= step.Seconds, $"{world} GPUs");
            last = step.Efficiency;
        }
    }

    [Fact]
    public void The_needed_bandwidth_reaches_the_goal_and_little_less_does_not()
    {
        var choices = new ScalingChoices(65536) { Weights = WeightGather.Overlapped };
        var needed = Model(L16, choices, ClusterNetwork.H100).NeededBandwidth(64, 0.95)!.Value;
        double At(double bandwidth) => Model(L16, choices, ClusterNetwork.H100 with { InterBandwidth = bandwidth }).Step(64).Efficiency;
        Assert.True(At(needed) >= 0.95);
        Assert.True(At(needed * 0.99) < 0.95);
        Assert.Null(Model(L16, new ScalingChoices(2048), ClusterNetwork.H100).NeededBandwidth(1024, 0.95)); // latency alone is too long
    }

    private static ScalingModel Model(
        ModelConfig model, ScalingChoices choices, ClusterNetwork? network = null, ClusterGpu? gpu = null, double? pairsPerSecond = null) =>
        new(gpu ?? ClusterGpu.H100, network ?? Plain, model, 0.5, choices, pairsPerSecond);
}
