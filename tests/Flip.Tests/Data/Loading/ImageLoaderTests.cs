using Flip.Data;
using Flip.Data.Layouts;
using Flip.Data.Loading;

namespace Flip.Tests.Data.Loading;

public sealed class ImageLoaderTests : IDisposable
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
        var loader = new ImageLoader(ImageSources.Open(_shards.Folder), new FakeTransform(), workers);
        for (var pass = 0; pass < 2; pass++)
        {
            var next = 0;
            foreach (var batch in loader.Read(batchSize))
            {
                Assert.Equal(batch.Size * 48, batch.Pixels.Length);
                for (var row = 0; row < batch.Size; row++, next++)
                {
                    Assert.Equal(next, batch.Samples[row]);
                    Assert.Equal($"image {next}", FakeTransform.TextOf(batch.Pixels, row));
                }
            }

            Assert.Equal((14, 14), (next, loader.Source.Count));
        }
    }

    [Fact]
    public void Captions_and_labels_go_with_the_images()
    {
        var path = _shards.Write(
            "a.tar", ("1.jpg", "i"), ("1.json", """{"captions": ["a", "b"]}"""), ("1.cls", "7"),
            ("2.jpg", "i"), ("2.txt", "c"), ("2.cls", " 0\n"));
        Assert.Equal([7, 0], LabelledSources.Open(path).Labels.Select(label => Assert.Single(label)));
        Assert.Equal(["a,b", "c"], CaptionedSources.Open(path).Captions.Select(captions => string.Join(',', captions)));
    }

    [Fact]
    public void What_cannot_be_used_is_an_error_with_shard_and_key()
    {
        var path = _shards.Write("a.tar", ("1.jpg", "i"), ("1.txt", "t"), ("1.cls", "1"), ("x/2.jpg", "BAD"));
        var loader = new ImageLoader(ImageSources.Open(path), new FakeTransform());
        foreach (var read in (Action[])[() => LabelledSources.Open(path), () => CaptionedSources.Open(path), () => _ = loader.Read(2).Count()])
        {
            var error = Assert.Throws<EvaluationDataException>(read);
            Assert.Contains("'x/2' in '", error.Message, StringComparison.Ordinal);
            Assert.Contains("a.tar", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_batch_beyond_2_GiB_names_the_largest_one()
    {
        var loader = new ImageLoader(ImageSources.Open(_shards.WritePairs("a.tar", 0, 800)), new FakeTransform(1000));
        var error = Assert.Throws<ConfigException>(() => loader.Read(750));
        Assert.Contains("eval.batchSize = 750", error.Message, StringComparison.Ordinal);
        Assert.Contains("at most 715 images fit", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_pass_can_be_left_early_or_canceled()
    {
        _shards.WritePairs(50);
        var images = ImageSources.Open(_shards.Folder);
        Assert.Equal(0, new ImageLoader(images, new FakeTransform(), workers: 2).Read(8).First().Samples[0]);
        using var source = new CancellationTokenSource();
        source.Cancel();
        using var slow = new ManualResetEventSlim();
        var blocked = new ImageLoader(images, new FakeTransform { Before = _ => slow.Wait(100) }, workers: 1);
        Assert.Throws<OperationCanceledException>(() => blocked.Read(8, cancellation: source.Token).Count());
    }

    [Fact]
    public void The_shared_data_sets_are_read()
    {
        var flickr = CaptionedSources.Open(SharedData.Require("data/flickr8k/dev-0000.tar"));
        Assert.Equal(1000, flickr.Images.Count);
        Assert.All(flickr.Captions, captions => Assert.Equal(5, captions.Count));
        var tiny = LabelledSources.Open(SharedData.Require("data/tiny-imagenet/val-0000.tar"));
        Assert.Equal(2500, tiny.Labels.Count);
        Assert.All(tiny.Labels.CountBy(label => label[0]), label => Assert.Equal(25, label.Value));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(4, 3)]
    [InlineData(100, 2)]
    public void Missing_images_leave_gaps_and_the_others_move_together(int batchSize, int workers)
    {
        string[] contents = ["BAD", "image 1", "image 2", "BAD", "", "image 5", "image 6", "BAD"];
        _shards.Write("a.tar", [.. contents.Index().Select(image => ($"{image.Index}.jpg", image.Item))]);
        var loader = new ImageLoader(ImageSources.Open(_shards.Folder), new FakeTransform(), workers, allowMissing: true);
        var (present, missing, batches) = (new List<int>(), new List<int>(), 0);
        foreach (var batch in loader.Read(batchSize))
        {
            batches++;
            for (var row = 0; row < batch.Size; row++)
            {
                Assert.Equal($"image {batch.Samples[row]}", FakeTransform.TextOf(batch.Pixels, row));
            }

            Assert.Equal(batch.Size * 48, batch.Present.Length);
            present.AddRange(batch.Samples);
            missing.AddRange(batch.Missing.Keys.Order());
        }

        Assert.Equal([1, 2, 5, 6], present);
        Assert.Equal([0, 3, 4, 7], missing);
        Assert.Equal((contents.Length + batchSize - 1) / batchSize, batches);
    }

    [Fact]
    public void Reading_can_begin_anywhere()
    {
        _shards.WritePairs(5, 6);
        var loader = new ImageLoader(ImageSources.Open(_shards.Folder), new FakeTransform());
        Assert.Equal([4, 5, 6, 7], loader.Read(4, first: 4).First().Samples);
        Assert.Equal([8, 9, 10], loader.Read(4, first: 8).Single().Samples);
        Assert.Empty(loader.Read(4, first: 11));
    }

    [Fact]
    public void An_image_that_cannot_be_used_is_an_error_that_names_it()
    {
        _shards.Write("a.tar", ("1.jpg", "x"), ("2.jpg", "BAD"));
        var loader = new ImageLoader(ImageSources.Open(_shards.Folder), new FakeTransform());
        var error = Assert.Throws<EvaluationDataException>(() => loader.Read(4).Count());
        Assert.StartsWith("The image '2' in '", error.Message, StringComparison.Ordinal);
        Assert.EndsWith("cannot be used: a bad image", error.Message, StringComparison.Ordinal);
    }
}
