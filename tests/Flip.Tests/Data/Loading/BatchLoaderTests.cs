using Flip.Data.Classes;
using Flip.Data.Loading;
using Flip.Data.Shards;
using Flip.Training;

namespace Flip.Tests.Data.Loading;

public sealed class BatchLoaderTests : IDisposable
{
    private static readonly CharTokenizer Tokenizer = new();

    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void A_pair_keeps_image_caption_sample_and_epoch_together()
    {
        using var loader = Open(_shards.WritePairs(5, 8), new() { TextLength = 12 });
        for (var step = 0; step < 5; step++)
        {
            var batch = loader.Next(6);
            Assert.Equal((4, 12, 6), (batch.ImageSize, batch.TextLength, batch.Size));
            for (var row = 0; row < 6; row++)
            {
                var sample = batch.Samples[row];
                Assert.Equal($"image {sample}", FakeTransform.TextOf(batch.Images, row));
                Assert.Equal($"caption {sample}", Tokenizer.Decode(batch.Tokens[(row * 12)..((row + 1) * 12)]));
                Assert.Equal($"caption {sample}".Length, batch.Lengths[row]);
                Assert.Equal(((step * 6) + row) / 13, batch.Epochs[row]);
                Assert.Equal(batch.Epochs[row], batch.Images[((row + 1) * 48) - 2]);
            }
        }

        Assert.Equal((30L, 13L), (loader.Position, loader.SamplesPerEpoch));
        Assert.Empty(loader.BadSamples);
    }

    [Fact]
    public void Each_epoch_has_each_sample_once()
    {
        using var loader = Open(_shards.WritePairs(5, 8, 10), new());
        for (var epoch = 0; epoch < 3; epoch++)
        {
            Assert.Equal(Enumerable.Range(0, 23).Select(i => (long)i), loader.Next(23).Samples.Order());
        }
    }

    [Fact]
    public void The_sequence_is_the_same_for_any_threads_prefetch_and_batch_size()
    {
        var paths = WithBadOnes();
        var expected = Sequence(paths, new() { Workers = 1, PrefetchBatches = 1 }, 12, 12, 12, 12);
        Assert.Equal(expected, Sequence(paths, new() { Workers = 2, BatchSize = 12 }, 12, 12, 12, 12));
        Assert.Equal(expected, Sequence(paths, new() { Workers = 7, PrefetchBatches = 5 }, 12, 12, 12, 12));
        Assert.Equal(expected, Sequence(paths, new() { Workers = 3, BatchSize = 5 }, 48));
        Assert.Equal(expected, Sequence(paths, new() { Workers = 2, BatchSize = 12, PartSize = 5 }, 5, 5, 2, 5, 5, 2, 5, 5, 2, 5, 5, 2));
        Assert.Equal(expected, Sequence(paths, new() { Workers = 2, BatchSize = 12, PartSize = 5 }, 5, 5, 5, 5, 5, 5, 5, 13));
        Assert.Equal(expected, Sequence(paths, new() { Workers = 2 }, 1, 5, 5, 20, 2, 2, 13));
        Assert.NotEqual(expected, Sequence(paths, new() { Seed = 12 }, 48));
    }

    [Fact]
    public void A_loader_continues_where_another_stopped()
    {
        var paths = WithBadOnes();
        var whole = Sequence(paths, new(), 40);
        for (var start = 1; start < 40; start += 13)
        {
            Assert.Equal(whole.Skip(start), Sequence(paths, new() { Start = start }, 40 - start));
        }
    }

    [Fact]
    public void Ranks_share_the_sequence()
    {
        var paths = WithBadOnes();
        var whole = Sequence(paths, new(), 48);
        for (var rank = 0; rank < 3; rank++)
        {
            // Batches of 16 in shares of 6, 5 and 5, read whole or in parts.
            var (first, count) = (new[] { 0, 6, 11 }[rank], rank == 0 ? 6 : 5);
            var expected = whole.Where((_, position) => position % 16 >= first && position % 16 < first + count);
            var options = new BatchLoaderOptions { Rank = rank, World = 3, BatchSize = 16 };
            Assert.Equal(expected, Sequence(paths, options, count, count, count));
            Assert.Equal(expected, Sequence(paths, options with { PartSize = 4 }, 4, count - 4, 4, count - 4, 4, count - 4));
        }

        using var loader = Open(paths, new() { Rank = 1, World = 3, Start = 12, BatchSize = 16 });
        Assert.Equal(18, loader.Position);
        loader.Next(5);
        Assert.Equal(34, loader.Position);
        Assert.Throws<ArgumentException>(() => loader.Next(4));
        Assert.Throws<ArgumentOutOfRangeException>(() => Open(paths, new() { World = 3 }));
    }

    [Fact]
    public void Captions_are_drawn_evenly_and_anew_each_epoch()
    {
        var path = _shards.Write("a.tar", ("1.jpg", "i"), ("1.json", """{"captions": ["a", "b", "c", "d"]}"""));
        using var loader = Open([path], new());
        var tokens = loader.Next(4000).Tokens.Where(token => token != 0).CountBy(token => (char)token).ToDictionary();
        Assert.Equal("abcd", string.Concat(tokens.Keys.Order()));
        Assert.All(tokens.Values, count => Assert.InRange(count, 880, 1120)); // deviation 27
    }

    [Fact]
    public void Bad_samples_are_replaced_and_counted_by_cause()
    {
        using var loader = Open(WithBadOnes(), new());
        var (samples, counts) = (new List<long>(), new Dictionary<string, long>());
        for (var step = 0; step < 6; step++)
        {
            samples.AddRange(loader.Next(8).Samples);
            Assert.Equal(samples.Count, loader.Position);
        }

        Assert.DoesNotContain(3, samples);
        Assert.DoesNotContain(24, samples);

        // Two epochs: each bad one at least once in each, more often where it was drawn as a replacement.
        Assert.Equal(["no caption", "truncated image"], loader.BadSamples.Keys.Order());
        Assert.All(loader.BadSamples.Values, count => Assert.InRange(count, 1, 6));
    }

    [Fact]
    public void Above_the_allowed_share_the_run_stops_and_says_why()
    {
        var path = _shards.Write("a.tar", [.. Enumerable.Range(0, 100)
            .SelectMany(i => new[] { ($"{i}.jpg", i % 5 == 0 ? "BAD" : "ok"), ($"{i}.txt", "caption") })]);
        using (var patient = Open([path], new() { MaxBadShare = 0.5 }))
        {
            patient.Next(2000);
        }

        using var loader = Open([path], new() { MaxBadShare = 0.1 });
        var error = Assert.Throws<TooManyBadSamplesException>(() =>
        {
            for (var step = 0; step < 100; step++)
            {
                loader.Next(10);
            }
        });
        Assert.InRange(loader.Position, 50, 300);
        Assert.Contains("× truncated image, such as '", error.Message, StringComparison.Ordinal);
        Assert.Contains("a.tar", error.Message, StringComparison.Ordinal);
        Assert.Contains("0.1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_tolerance_the_first_bad_sample_stops_the_run()
    {
        using var loader = Open(WithBadOnes(), new() { MaxBadShare = 0 });
        var error = Assert.Throws<TooManyBadSamplesException>(() => loader.Next(26));
        Assert.Contains("× truncated image, such as '000003' in '", error.Message, StringComparison.Ordinal);
        Assert.Contains("× no caption, such as '000024' in '", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_data_set_of_bad_samples_alone_ends()
    {
        var path = _shards.Write("a.tar", [.. Enumerable.Range(0, 20).Select(i => ($"{i}.jpg", "no caption"))]);
        using var loader = Open([path], new() { MaxBadShare = 1 });
        var error = Assert.Throws<TooManyBadSamplesException>(() => loader.Next(64));
        Assert.Contains("no caption", error.Message, StringComparison.Ordinal);
        Assert.Throws<TooManyBadSamplesException>(() => loader.Next(64));
    }

    [Fact]
    public void A_batch_that_is_disposed_of_is_filled_again_and_memory_stays_the_same()
    {
        using var loader = Open(_shards.WritePairs(50), new() { Workers = 2 });
        var arrays = new HashSet<byte[]>(ReferenceEqualityComparer.Instance);
        for (var step = 0; step < 50; step++)
        {
            using var batch = loader.Next(16);
            arrays.Add(batch.Images);
        }

        Assert.InRange(arrays.Count, 2, 4);
    }

    [Fact]
    public void A_fault_of_a_thread_surfaces_with_the_sample()
    {
        var transform = new FakeTransform { Before = sample => throw new NotSupportedException("a defect") };
        using var loader = Open(_shards.WritePairs(5), new(), transform);
        var error = Assert.Throws<InvalidOperationException>(() => loader.Next(4));
        Assert.Contains("a defect", error.Message, StringComparison.Ordinal);
        Assert.Contains("train-0000.tar", error.Message, StringComparison.Ordinal);
        Assert.IsType<NotSupportedException>(error.InnerException);
    }

    [Theory]
    [InlineData(14300, 224, "at most 14266 images fit")] // 14300 · 224² · 3 = 2 152 550 400
    [InlineData(1, 30_000, "not even one image fits")]
    public void A_batch_beyond_2_GiB_names_the_largest_one(int batchSize, int imageSize, string advice)
    {
        var error = Assert.Throws<ConfigException>(
            () => Open(_shards.WritePairs(5), new() { BatchSize = batchSize }, new FakeTransform(imageSize)));
        Assert.Contains($"train.batchSize = {batchSize}", error.Message, StringComparison.Ordinal);
        Assert.Contains($"model.image.imageSize = {imageSize}", error.Message, StringComparison.Ordinal);
        Assert.Contains(advice, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_shard_deleted_meanwhile_is_named()
    {
        var paths = _shards.WritePairs(5);
        using var loader = Open(paths, new());
        File.Delete(paths[0]);
        Assert.Contains(
            "train-0000.tar' cannot be opened", Assert.Throws<IOException>(() => loader.Next(4)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_waiting_call_can_be_canceled_and_repeated()
    {
        using var release = new ManualResetEventSlim();
        var transform = new FakeTransform { Before = _ => release.Wait() };
        using var loader = Open(_shards.WritePairs(5), new() { Workers = 2 }, transform);
        using var source = new CancellationTokenSource(50);
        Assert.Throws<OperationCanceledException>(() => loader.Next(4, source.Token));
        Assert.Equal(0, loader.Position);
        release.Set();
        Assert.Equal(4, loader.Next(4).Size);
    }

    [Fact]
    public async Task Disposal_ends_a_waiting_call_and_the_threads()
    {
        var paths = _shards.WritePairs(5);
        for (var round = 0; round < 100; round++)
        {
            // The rows end, the batch is taken and the loader goes, all at the same time: any order must end well.
            using var release = new ManualResetEventSlim();
            var loader = Open(paths, new() { Workers = 2 }, new FakeTransform { Before = _ => release.Wait() });
            var waiting = Task.Run(() => loader.Next(4));
            if (round % 2 == 0)
            {
                await Task.Delay(2);
            }

            release.Set();
            loader.Dispose();
            loader.Dispose();
            try
            {
                await waiting; // it may have been served before
            }
            catch (ObjectDisposedException)
            {
            }

            Assert.Throws<ObjectDisposedException>(() => loader.Next(1));
        }
    }

    [Fact]
    public void Tiny_ImageNet_classes_become_captions()
    {
        var folder = SharedData.Require("data/tiny-imagenet");
        var index = DataSetIndex.Open(folder + "/train-*.tar");
        Assert.Equal(16_000, index.Count);
        var captions = new CaptionReader(ClassNames.Load(folder + "/classes.json"), ClassTemplates.Clip80);
        using var loader = new BatchLoader(index, captions, Tokenizer, new FakeTransform(), new() { TextLength = 80 });
        Assert.Equal(16_000, loader.Next(16_000).Samples.Distinct().Count());
        Assert.Empty(loader.BadSamples);
    }

    /// <summary>24 good samples, one with a bad image (3) and one without caption (24), in two shards.</summary>
    private string[] WithBadOnes() =>
    [
        _shards.WritePairs("a.tar", 0, 3),
        _shards.Write("b.tar", [.. Enumerable.Range(3, 22).SelectMany(i =>
            i == 24
                ? [($"{i:D6}.jpg", "no caption")]
                : new[] { ($"{i:D6}.jpg", i == 3 ? "BAD" : $"image {i}"), ($"{i:D6}.txt", $"caption {i}") })]),
    ];

    private static List<string> Sequence(string[] paths, BatchLoaderOptions options, params int[] sizes)
    {
        using var loader = Open(paths, options with { TextLength = 16, Seed = options.Seed == 0 ? 11 : options.Seed });
        return sizes.SelectMany(size =>
        {
            var batch = loader.Next(size);
            return Enumerable.Range(0, size).Select(row =>
                $"{batch.Samples[row]} {batch.Epochs[row]} {batch.Lengths[row]} "
                + $"{Convert.ToHexString(batch.Images.AsSpan(row * 48, 48))} "
                + $"{string.Join(',', batch.Tokens.Skip(row * 16).Take(16))}").ToList();
        }).ToList();
    }

    private static BatchLoader Open(string[] paths, BatchLoaderOptions options, FakeTransform? transform = null) =>
        new(DataSetIndex.Open(paths), new CaptionReader(), Tokenizer, transform ?? new FakeTransform(), options);
}
