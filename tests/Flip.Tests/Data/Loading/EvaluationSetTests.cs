using Flip.Config;
using Flip.Data.Loading;

namespace Flip.Tests.Data.Loading;

public sealed class EvaluationSetTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 2)]
    [InlineData(7, 3)]
    [InlineData(100, 2)]
    public void Images_come_in_order_each_once(int batchSize, int workers)
    {
        _shards.WritePairs(5, 8, 1);
        var set = EvaluationSet.Open(_shards.Folder, new FakeTransform(), workers: workers);
        for (var pass = 0; pass < 2; pass++)
        {
            var next = 0;
            foreach (var batch in set.Images(batchSize))
            {
                Assert.Equal(batch.Size * 48, batch.Pixels.Length);
                for (var row = 0; row < batch.Size; row++, next++)
                {
                    Assert.Equal(next, batch.Samples[row]);
                    Assert.Equal($"image {next}", FakeTransform.TextOf(batch.Pixels, row));
                }
            }

            Assert.Equal((14, 14), (next, set.Count));
        }
    }

    [Fact]
    public void Captions_and_labels_go_with_the_images()
    {
        var path = _shards.Write(
            "a.tar", ("1.jpg", "i"), ("1.json", """{"captions": ["a", "b"]}"""), ("1.cls", "7"),
            ("2.jpg", "i"), ("2.txt", "c"), ("2.cls", " 0\n"));
        var set = EvaluationSet.Open(path, new FakeTransform());
        Assert.Equal([7, 0], set.Labels);
        Assert.Equal(["a,b", "c"], set.Captions.Select(captions => string.Join(',', captions)));
    }

    [Fact]
    public void What_cannot_be_used_is_an_error_with_shard_and_key()
    {
        var path = _shards.Write("a.tar", ("1.jpg", "i"), ("1.txt", "t"), ("1.cls", "1"), ("x/2.jpg", "BAD"));
        var set = EvaluationSet.Open(path, new FakeTransform());
        foreach (var read in (Action[])[() => _ = set.Labels, () => _ = set.Captions, () => _ = set.Images(2).Count()])
        {
            var error = Assert.Throws<EvaluationDataException>(read);
            Assert.Contains("'x/2' in '", error.Message, StringComparison.Ordinal);
            Assert.Contains("a.tar", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_damaged_shard_is_an_error()
    {
        var path = _shards.WritePairs("a.tar", 0, 4);
        File.WriteAllBytes(path, File.ReadAllBytes(path)[..5000]);
        Assert.Contains(
            "a.tar' ends",
            Assert.Throws<EvaluationDataException>(() => EvaluationSet.Open(path, new FakeTransform())).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_beyond_2_GiB_names_the_largest_one()
    {
        var set = EvaluationSet.Open(_shards.WritePairs("a.tar", 0, 800), new FakeTransform(1000));
        var error = Assert.Throws<ConfigException>(() => set.Images(750));
        Assert.Contains("eval.batchSize = 750", error.Message, StringComparison.Ordinal);
        Assert.Contains("at most 715 images fit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pass_can_be_left_early_or_canceled()
    {
        _shards.WritePairs(50);
        var set = EvaluationSet.Open(_shards.Folder, new FakeTransform(), workers: 2);
        Assert.Equal(0, set.Images(8).First().Samples[0]);
        using var source = new CancellationTokenSource();
        source.Cancel();
        using var slow = new ManualResetEventSlim();
        var blocked = EvaluationSet.Open(_shards.Folder, new FakeTransform { Before = _ => slow.Wait(100) }, workers: 1);
        Assert.Throws<OperationCanceledException>(() => blocked.Images(8, source.Token).Count());
    }

    [Fact]
    public void The_shared_data_sets_are_read()
    {
        var flickr = EvaluationSet.Open(SharedData.Require("data/flickr8k/dev-0000.tar"), new FakeTransform());
        Assert.Equal(1000, flickr.Count);
        Assert.All(flickr.Captions, captions => Assert.Equal(5, captions.Count));
        var tiny = EvaluationSet.Open(SharedData.Require("data/tiny-imagenet/val-0000.tar"), new FakeTransform());
        Assert.Equal(2500, tiny.Labels.Length);
        Assert.All(tiny.Labels.CountBy(label => label), label => Assert.Equal(25, label.Value));
    }
}
