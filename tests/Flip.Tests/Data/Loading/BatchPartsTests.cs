using Flip.Data.Loading;
using Flip.Data.Shards;

namespace Flip.Tests.Data.Loading;

public sealed class BatchPartsTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void Parts_of_a_batch_are_read_ahead_and_reused_whatever_the_last_ones_size()
    {
        using var loader = Open(_shards.WritePairs(50), new() { Workers = 2, BatchSize = 16, PartSize = 6 });
        var arrays = new HashSet<byte[]>(ReferenceEqualityComparer.Instance);
        for (var step = 0; step < 20; step++)
        {
            foreach (var size in new[] { 6, 6, 4 })
            {
                using var batch = loader.Next(size);
                Assert.Equal(size, batch.Size);
                arrays.Add(batch.Images);
            }
        }

        Assert.InRange(arrays.Count, 2, 6);
    }

    [Fact]
    public void Two_loaders_give_the_same_parts_and_each_counts_its_bad_samples_once()
    {
        var paths = new[]
        {
            _shards.Write("a.tar", [.. Enumerable.Range(0, 26).SelectMany(i =>
                new[] { ($"{i:D6}.jpg", i % 9 == 3 ? "BAD" : $"image {i}"), ($"{i:D6}.txt", $"caption {i}") })]),
        };
        var options = new BatchLoaderOptions { BatchSize = 26, PartSize = 4, TextLength = 16 };
        using var whole = Open(paths, options with { PartSize = 0 });
        using var first = Open(paths, options);
        using var second = Open(paths, options);
        int[] sizes = [4, 4, 4, 4, 4, 4, 2];
        var samples = sizes.SelectMany(size => first.Next(size).Samples).ToList();
        Assert.Equal(samples, sizes.SelectMany(size => second.Next(size).Samples));
        Assert.Equal(whole.Next(26).Samples, samples);
        Assert.Equal(whole.BadSamples, first.BadSamples);
        Assert.InRange(first.BadSamples["truncated image"], 3, 9);
    }

    [Fact]
    public void A_micro_batch_beyond_2_GiB_is_named_itself()
    {
        var error = Assert.Throws<ConfigException>(
            () => Open(_shards.WritePairs(5), new() { BatchSize = 32_768, PartSize = 16_384 }, new FakeTransform(224)));
        Assert.Contains("train.microBatch = 16384", error.Message, StringComparison.Ordinal);
    }

    private static BatchLoader Open(string[] paths, BatchLoaderOptions options, FakeTransform? transform = null) =>
        new(DataSetIndex.Open(paths), new CaptionReader(), new CharTokenizer(), transform ?? new FakeTransform(), options);
}
