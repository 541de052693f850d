using Flip.Data;
using Flip.Data.Files;
using Flip.Data.Loading;
using Flip.Tests.Data.Images;
using Flip.Training;

namespace Flip.Tests.Data.Loading;

public sealed class LabelledLoaderTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();

    public LabelledLoaderTests()
    {
        for (var i = 0; i < 10; i++)
        {
            _images.AddBytes($"{i:D2}.png", [(byte)'i', (byte)('0' + i)]);
        }
    }

    private LabelledImages Set => new(FileImages.OfFolder(_images.Path), [.. Enumerable.Range(0, 10).Select(i => new[] { i % 3 })], ["a", "b", "c"]);

    public void Dispose() => _images.Dispose();

    [Fact]
    public void Each_epoch_has_every_image_once_with_its_class()
    {
        using var loader = Loader();
        var epochs = Enumerable.Range(0, 4).SelectMany(_ => Rows(loader.Next(5))).Chunk(10).ToList();
        foreach (var (epoch, rows) in epochs.Index())
        {
            Assert.Equal(Enumerable.Range(0, 10).Select(i => (long)i), rows.Select(row => row.Sample).Order());
            Assert.All(rows, row => Assert.Equal((epoch, (int)row.Sample % 3, $"i{row.Sample}"), (row.Epoch, row.Label, row.Text)));
        }

        Assert.NotEqual(epochs[0].Select(row => row.Sample), epochs[1].Select(row => row.Sample));
    }

    [Fact]
    public void Position_and_seed_alone_decide_what_comes()
    {
        using var whole = Loader();
        using var later = Loader(start: 7, workers: 1);
        var rows = Rows(whole.Next(15));
        Assert.Equal(rows[7..], [.. Rows(later.Next(3)), .. Rows(later.Next(5))]);
        using var other = Loader(seed: 9);
        Assert.NotEqual(rows, Rows(other.Next(15)));
    }

    [Fact]
    public void A_bad_image_is_replaced_and_counted()
    {
        _images.AddBytes("03.png", [.. "BAD"u8]);
        using var loader = Loader();
        var rows = Rows(loader.Next(10));
        Assert.DoesNotContain(rows, row => row.Sample == 3);
        Assert.All(rows, row => Assert.Equal((int)row.Sample % 3, row.Label));
        Assert.Equal(1, loader.BadSamples.Values.Sum());
    }

    [Fact]
    public void An_image_of_several_classes_is_refused_by_name()
    {
        var several = Set with { Labels = [.. Enumerable.Range(0, 10).Select(i => i == 4 ? new[] { 0, 1 } : [0])] };
        var failure = Assert.Throws<ConfigException>(() => new BatchLoader(several, new FakeTransform(), new()));
        Assert.Contains("'04.png' has 2 classes", failure.Message, StringComparison.Ordinal);
    }

    private BatchLoader Loader(long start = 0, int workers = 3, ulong seed = 1) => new(
        Set, new FakeTransform(), new BatchLoaderOptions { Seed = seed, Start = start, Workers = workers, MaxBadShare = 0.5 });

    private static List<(long Sample, int Epoch, int Label, string Text)> Rows(Batch batch) =>
        [.. Enumerable.Range(0, batch.Size).Select(i =>
            (batch.Samples[i], batch.Epochs[i], batch.Labels[i], FakeTransform.TextOf(batch.Images, i)))];
}
