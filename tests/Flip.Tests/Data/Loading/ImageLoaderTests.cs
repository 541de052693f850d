using Flip.Data.Loading;
using Flip.Data.Sources;

namespace Flip.Tests.Data.Loading;

public sealed class ImageLoaderTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

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
