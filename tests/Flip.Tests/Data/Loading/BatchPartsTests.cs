using Flip.Config;
using Flip.Data.Loading;
using Flip.Data.Shards;
using Flip.Training;
using TorchSharp;

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

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    public void Rows_that_the_threads_make_for_a_step_are_those_made_from_whole_images(int workers)
    {
        var paths = _shards.WritePairs(50);
        var model = new ModelConfig
        {
            Image = new ImageConfig { ImageSize = 8, PatchSize = 4, Width = 8, Heads = 2, MaskRatio = 0.25, FinalMaskRatio = 0.75 },
            Text = new TextConfig { VocabularySize = 300, Length = 16, Width = 8, Heads = 2, MaskRatio = 0.5 },
        };
        var (layout, mask) = (new PairLayout(model, 9, torch.CPU), new ImageMaskSchedule(0.25, 0.75, 64));
        var options = new BatchLoaderOptions { Workers = workers, Seed = 9, TextLength = 16, BatchSize = 16, Start = 16 };
        using var whole = Open(paths, options, new FakeTransform(8));
        using var made = Open(paths, options with { PartSize = 6, PrefetchBatches = 6, Layout = layout, Mask = mask }, new FakeTransform(8));
        using var scope = torch.NewDisposeScope();
        for (var step = 1; step < 4; step++)
        {
            using var batch = whole.Next(16);
            var ratio = mask.At(16 * step);
            for (var start = 0; start < 16; start += 6)
            {
                var count = Math.Min(6, 16 - start);
                using var part = made.Next(count);
                Assert.Equal(ratio, part.Rows!.MaskRatio);
                Assert.Empty(part.Images);
                using var expected = PairRows.Of(batch, start, count, layout, ratio);
                var (right, found) = (expected.Send(), part.Rows.Send());
                Assert.Equal(right.Patches.data<byte>().ToArray(), found.Patches.data<byte>().ToArray());
                Assert.Equal(right.ImageKeep!.data<long>().ToArray(), found.ImageKeep!.data<long>().ToArray());
                Assert.Equal(
                    right.Texts.Groups.SelectMany(group => group.Tokens.data<long>().ToArray()), found.Texts.Groups.SelectMany(group => group.Tokens.data<long>().ToArray()));
            }
        }
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
