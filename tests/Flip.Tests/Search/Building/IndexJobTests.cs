using Flip.Conversion;
using Flip.Data.Images;
using Flip.Data.Layouts;
using Flip.Evaluation.Embedding;
using Flip.Models;
using Flip.Search;
using Flip.Search.Building;
using Flip.Search.Queries;
using Flip.Search.Vectors;
using Flip.Storage;
using Flip.Tests.Cli;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Search.Building;

public sealed class IndexJobTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly LoadedModel _loaded;

    public IndexJobTests()
    {
        TinyModel.Save(_folder.File("model"));
        _loaded = ModelSource.Load(_folder.File("model"), ["eval.batchSize=4"]);
        _images.Add(10);
    }

    private string Index => _folder.File("index");

    public void Dispose()
    {
        _loaded.Dispose();
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void Vectors_are_the_embeddings_of_the_images()
    {
        var outcome = Run();
        Assert.Equal((10, 10, 0), (outcome.Changes.Added, outcome.Embedded, outcome.Missing.Count));
        var expected = ItemEncoders.Images(_loaded, new MaskChoice(InferenceMask.None, null), ImageSources.Open(_images.Path), allowMissing: false).Encode().ToList();
        using var index = ImageIndex.Open(Index);
        Assert.Equal(expected.SelectMany(batch => batch.Keys), index.Read().Select(image => image.Key));
        Assert.Equal(expected.SelectMany(batch => batch.Vectors), index.Read().SelectMany(image => image.Vector));
        Assert.All(index.Read(), image => Assert.Equal(_images.File(image.Key), image.Path));
    }

    [Fact]
    public void The_same_again_embeds_nothing_and_changes_are_taken_in()
    {
        Run();
        Assert.Equal((0, 0, 0, 10, 0), Counts(Run()));
        _images.Add("new.png", 60); // added
        _images.Add("0002.png", 70); // another picture
        File.Delete(_images.File("0003.png")); // gone
        File.Move(_images.File("0004.png"), _images.File("moved.png")); // its bytes are known
        File.SetLastWriteTimeUtc(_images.File("0005.png"), DateTime.UtcNow.AddHours(-3)); // the same bytes
        File.WriteAllBytes(_images.File("0006.png"), File.ReadAllBytes(_images.File("0006.png")));
        Assert.Equal((2, 1, 2, 7, 2), Counts(Run()));
        using var index = ImageIndex.Open(Index);
        using var encoder = QueryEncoder.Open(index.Description);
        Assert.All(index.Read(), image =>
        {
            var query = encoder.OfImage(File.ReadAllBytes(image.Path));
            Assert.Contains(index.Search(query, 3), found => found.Key == image.Key && found.Cosine > 0.99999);
        });
    }

    [Fact]
    public void Bad_images_are_left_out_and_listed_and_come_in_when_they_are_mended()
    {
        _images.AddBytes("bad.png", [1, 2, 3]);
        _images.AddBytes("bad2.png", [1, 2, 3]);
        _images.AddBytes("empty.jpg", []);
        var outcome = Run();
        Assert.Equal(10, outcome.Changes.Images);
        Assert.Equal(["bad.png", "bad2.png", "empty.jpg"], outcome.Missing.Select(missing => missing.Key).Order());
        Assert.All(outcome.Missing, missing => Assert.NotEqual("", missing.Problem));
        _images.Add("bad.png", 90);
        var again = Run();
        Assert.Equal((1, 1, 2), (again.Changes.Added, again.Embedded, again.Missing.Count));
    }

    [Fact]
    public void Thumbnails_are_small_JPEG_files_or_none()
    {
        _images.AddBytes("large.jpg", TestImages.Encode(700, 350, SKEncodedImageFormat.Jpeg));
        Run(side: 100);
        using (var index = ImageIndex.Open(Index))
        {
            foreach (var image in index.Read())
            {
                var thumbnail = index.Thumbnail(image.Content)!;
                Assert.True(Thumbnail.IsJpeg(thumbnail));
                using var decoded = ImageDecoder.Decode(thumbnail);
                Assert.Equal(image.Key == "large.jpg" ? (100, 50) : (16 + int.Parse(image.Key[..4], System.Globalization.CultureInfo.InvariantCulture), 20), (decoded.Width, decoded.Height));
            }
        }

        Run(folder: _folder.File("none"), side: 0);
        using var none = ImageIndex.Open(_folder.File("none"));
        Assert.Null(none.Thumbnail(none.Read().First().Content));
    }

    [Fact]
    public void Several_sources_and_copies_of_an_image_are_kept_apart_by_their_keys()
    {
        using var more = new ImageFolderFixture();
        more.Add(3);
        var outcome = Run(sources: [_images.Path, more.Path + "/"]);
        Assert.Equal((13, 10), (outcome.Changes.Images, outcome.Changes.Contents));
        Assert.Equal(10, outcome.Embedded);
        using var index = ImageIndex.Open(Index);
        Assert.NotNull(index.Find(more.Path + "/0001.png"));
        Assert.NotNull(index.Find(_images.Path + "/0001.png"));
        Assert.Throws<ConfigException>(() => Run(sources: [_images.Path, _images.Path]));
    }

    [Fact]
    public void Images_of_shards_are_known_by_their_bytes()
    {
        var shard = _folder.File("a-0000.tar");
        WriteShard(shard, 4);
        Assert.Equal((4, 0, 0, 0, 4), Counts(Run(sources: [shard])));
        WriteShard(shard, 6);
        Assert.Equal((2, 0, 0, 4, 2), Counts(Run(sources: [shard])));
        using var index = ImageIndex.Open(Index);
        Assert.All(index.Read(), image => Assert.Equal(shard, image.Path));
        Assert.Equal("a-0000/s0", index.Read().First().Key);
    }

    [Fact]
    public void A_stop_keeps_what_is_embedded_and_the_end_is_the_same()
    {
        _images.Add(40);
        using var stop = new CancellationTokenSource();
        var view = new StoppingView(stop, after: 12);
        Assert.Throws<OperationCanceledException>(() => new IndexJob(Index, _loaded, Settings()).Run([Source(_images.Path)], view, stop.Token));
        var outcome = Run();
        Assert.Equal(40, outcome.Changes.Added);
        Assert.InRange(outcome.Embedded, 1, 39);
        Run(folder: _folder.File("whole"));
        using var index = ImageIndex.Open(Index);
        using var whole = ImageIndex.Open(_folder.File("whole"));
        Assert.Equal(whole.Read().SelectMany(image => image.Vector), index.Read().SelectMany(image => image.Vector));
    }

    [Fact]
    public void Masks_are_those_of_an_embedding_of_all_images_and_a_stop_does_not_show()
    {
        var mask = new MaskChoice(InferenceMask.Masked, 0.5);
        Run(mask: mask);
        var expected = ItemEncoders.Images(_loaded, mask, ImageSources.Open(_images.Path), allowMissing: false).Encode().SelectMany(batch => batch.Vectors);
        using var index = ImageIndex.Open(Index);
        Assert.Equal(expected, index.Read().SelectMany(image => image.Vector));
        Assert.Contains("images are seen otherwise", Assert.Throws<ConfigException>(() => Run()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_without_a_usable_image_is_an_error()
    {
        using var bad = new ImageFolderFixture();
        bad.AddBytes("a.png", [1]);
        Assert.Contains("None of the 1 images can be used, such as 'a.png'", Assert.Throws<ConfigException>(() => Run(sources: [bad.Path])).Message, StringComparison.Ordinal);
    }

    private static (long Added, long Replaced, long Removed, long Kept, long Embedded) Counts(IndexOutcome outcome) =>
        (outcome.Changes.Added, outcome.Changes.Replaced, outcome.Changes.Removed, outcome.Changes.Kept, outcome.Embedded);

    private static IndexSource Source(string name) => new(name, ImageSources.Open(name, new() { AllowMissing = true }));

    private static void WriteShard(string path, int count)
    {
        using var file = File.Create(path);
        using var tar = new System.Formats.Tar.TarWriter(file);
        for (var i = 0; i < count; i++)
        {
            tar.WriteEntry(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, $"s{i}.png")
            {
                DataStream = new MemoryStream(TestImages.Encode(30 + i, 20, SKEncodedImageFormat.Png)),
            });
            tar.WriteEntry(new System.Formats.Tar.UstarTarEntry(System.Formats.Tar.TarEntryType.RegularFile, $"s{i}.txt")
            {
                DataStream = new MemoryStream("a picture"u8.ToArray()),
            });
        }
    }

    private IndexSettings Settings(int side = 0, MaskChoice? mask = null) => new(
        _loaded.Config.Model.EmbedDim, VectorFormat.Fp32, new GraphSettings(), side, IndexedModel.Of(_folder.File("model"), _loaded, mask ?? new MaskChoice(InferenceMask.None, null)));

    private IndexOutcome Run(string? folder = null, int side = 0, MaskChoice? mask = null, string[]? sources = null)
    {
        using var view = new SilentProgress();
        return new IndexJob(folder ?? Index, _loaded, Settings(side, mask)).Run([.. (sources ?? [_images.Path]).Select(Source)], view);
    }

    /// <summary>Wishes to stop when so many images are embedded.</summary>
    private sealed class StoppingView(CancellationTokenSource stop, long after) : Flip.Progress.IProgressView
    {
        public void Report(Flip.Progress.TrainProgress progress)
        {
            // There is no training.
        }

        public void Report(Flip.Progress.ItemProgress progress)
        {
            if (progress.Stage == "index" && progress.Done >= after)
            {
                stop.Cancel();
            }
        }

        public void Message(string text)
        {
            // Nobody listens.
        }

        public void Dispose()
        {
            // Nothing is held.
        }
    }
}
