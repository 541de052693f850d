using Flip.Data.Simulation;

namespace Flip.Tests.Data.Simulation;

public sealed class LoadingSimulationTests
{
    private static readonly LoadingSimulation Base = new()
    {
        Shards = 200,
        ShardBytes = 1e8,
        ShardSamples = 2000, // 50 kB each
        SamplesPerSecond = 1000, // which is 50 MB/s
        Bandwidth = 2e8,
        CacheBytes = 2e10,
        Window = 10,
    };

    [Fact]
    public void Where_the_bandwidth_is_ample_only_the_beginning_waits()
    {
        var result = Base.Run();
        Assert.InRange(result.FirstWindow, 0, 0.2);
        Assert.InRange(result.WaitShare, 0, 0.005);
        Assert.Equal(0, result.LastEpoch, 6);
    }

    [Fact]
    public void Where_it_is_too_small_a_training_has_its_share()
    {
        var result = (Base with { Bandwidth = 2.5e7, CacheBytes = 2e9 }).Run();
        Assert.Equal(0.5, result.LastEpoch, 0.02); // 25 MB/s of 50
        Assert.Equal(2 * 200 * 1e8, result.Bytes, 2 * 200 * 1e8 * 0.02); // nothing comes twice in an epoch
    }

    [Fact]
    public void A_data_set_that_fits_comes_once()
    {
        var result = (Base with { CacheBytes = 3e10 }).Run(epochs: 4);
        Assert.Equal(200 * 1e8, result.Bytes, 200 * 1e8 * 0.02);
        Assert.Equal(0, result.LastEpoch, 6);
    }

    [Fact]
    public void Without_a_cache_requests_bound_the_rate()
    {
        var result = (Base with { CacheBytes = 0, Latency = 0.1, RequestsAtOnce = 50 }).Run();
        Assert.Equal(0.5, result.LastEpoch, 0.01); // 500 requests a second of 1000 samples
        Assert.Equal(2 * 200 * 2000, result.Requests, 2 * 200 * 2000 * 0.01);
        Assert.Equal(0, (Base with { CacheBytes = 0, Latency = 0.05, RequestsAtOnce = 100 }).Run().LastEpoch, 6);
    }

    [Theory]
    [InlineData(1, 100)]
    [InlineData(5, 20)]
    [InlineData(20, 5)]
    [InlineData(0, 1)]
    public void Samples_of_one_shard_meet_as_often_as_the_window_is_a_part_of_the_data(int window, double times)
    {
        var quality = ShuffleQuality.Measure(100, 1000, 64, window == 0 ? 100 : window);
        Assert.Equal(times, quality.SameShard, times * 0.3);
        Assert.InRange(quality.ShardsOfBatch, 1, 100);
    }

    [Fact]
    public void A_shuffle_of_everything_moves_a_sample_by_a_third_of_the_data()
    {
        var quality = ShuffleQuality.Measure(100, 50, 256, 0);
        Assert.Equal(1.0 / 3, quality.Displacement, 0.02);
        Assert.Equal(100, quality.Window);
    }
}
