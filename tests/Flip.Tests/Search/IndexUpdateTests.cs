using Flip.Io;
using Flip.Search;
using Flip.Search.Vectors;

namespace Flip.Tests.Search;

public sealed class IndexUpdateTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Index => _folder.File("index");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(VectorFormat.Fp32)]
    [InlineData(VectorFormat.Fp16)]
    [InlineData(VectorFormat.Int8)]
    public void An_index_becomes_what_is_put_into_it(VectorFormat format)
    {
        Assert.Equal(new IndexChanges(50, 0, 0, 0, 50, 50, false), TestIndex.Publish(Index, TestIndex.Images(0, 50), format));
        var images = TestIndex.Images(0, 55);
        images["00003.jpg"] = 900;
        images.Remove("00007.jpg");
        images.Remove("00008.jpg");
        Assert.Equal(new IndexChanges(5, 1, 2, 47, 53, 53, false), TestIndex.Publish(Index, images, format));
        TestIndex.AssertHolds(Index, images);
        Assert.Equal(new IndexChanges(0, 0, 0, 53, 53, 53, false), TestIndex.Publish(Index, images, format));
        Assert.Equal(2, IndexDescription.Read(Index).Generation);
    }

    [Fact]
    public void Images_of_the_same_bytes_have_one_vector_and_are_found_together()
    {
        TestIndex.Publish(Index, new Dictionary<string, int> { ["b.jpg"] = 1, ["a.jpg"] = 1, ["c.jpg"] = 2 });
        using var index = ImageIndex.Open(Index);
        Assert.Equal(2, index.Description.Vectors);
        Assert.Equal(["a.jpg", "b.jpg", "c.jpg"], index.Search(TestIndex.Vector(1), 10).Select(found => found.Key));
        Assert.Equal(["a.jpg"], index.Search(TestIndex.Vector(1), 1).Select(found => found.Key));
        Assert.Equal(1, index.Search(TestIndex.Vector(1), 1)[0].Cosine, 1e-6);
        Assert.Equal("/photos/a.jpg", index.Search(TestIndex.Vector(1), 1)[0].Path);
    }

    [Fact]
    public void An_image_that_moves_keeps_its_vector()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 20));
        var file = File.ReadAllBytes(Path.Combine(Index, "vectors-1.usearch"));
        var moved = TestIndex.Images(0, 20).ToDictionary(image => "new/" + image.Key, image => image.Value);
        Assert.Equal(new IndexChanges(20, 0, 20, 0, 20, 20, false), TestIndex.Publish(Index, moved));
        Assert.Equal(file, File.ReadAllBytes(Path.Combine(Index, "vectors-1.usearch")));
        TestIndex.AssertHolds(Index, moved);
    }

    [Fact]
    public void A_graph_of_which_a_fifth_is_gone_is_made_anew()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 100));
        Assert.False(TestIndex.Publish(Index, TestIndex.Images(20, 80)).Rebuilt);
        Assert.Equal(100, IndexDescription.Read(Index).Vectors);
        Assert.True(TestIndex.Publish(Index, TestIndex.Images(21, 80)).Rebuilt);
        Assert.Equal(80, IndexDescription.Read(Index).Vectors);
        TestIndex.AssertHolds(Index, TestIndex.Images(21, 80));
    }

    [Fact]
    public void An_index_may_become_empty_and_full_again()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 5));
        TestIndex.Publish(Index, new Dictionary<string, int>());
        using (var index = ImageIndex.Open(Index))
        {
            Assert.Empty(index.Search(TestIndex.Vector(1), 3));
            Assert.Empty(index.Read());
        }

        TestIndex.Publish(Index, TestIndex.Images(3, 5));
        TestIndex.AssertHolds(Index, TestIndex.Images(3, 5));
    }

    [Fact]
    public void A_reader_sees_its_generation_until_it_takes_the_next_one()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 30));
        using var index = ImageIndex.Open(Index, graphFrom: 0);
        Assert.False(index.Refresh());
        var changed = TestIndex.Images(10, 30);
        changed["00015.jpg"] = 700;
        TestIndex.Publish(Index, changed);
        Assert.Equal("00000.jpg", index.Search(TestIndex.Vector(0), 1)[0].Key);
        Assert.Equal("00015.jpg", index.Search(TestIndex.Vector(15), 1)[0].Key);
        Assert.Equal(30, index.Read().Count());
        Assert.True(index.Refresh());
        Assert.NotEqual("00000.jpg", index.Search(TestIndex.Vector(0), 1)[0].Key);
        Assert.Equal("00015.jpg", index.Search(TestIndex.Vector(700), 1)[0].Key);
    }

    [Fact]
    public async Task Searches_from_many_threads_go_on_while_the_index_changes()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 200));
        using var index = ImageIndex.Open(Index, graphFrom: 0);
        using var stop = new CancellationTokenSource();
        var searches = Enumerable.Range(0, 8).Select(thread => Task.Factory.StartNew(
            () =>
            {
                var count = 0;
                do
                {
                    Assert.Equal(5, index.Search(TestIndex.Vector((count + thread) % 200), 5).Count);
                    count++;
                }
                while (!stop.IsCancellationRequested);
                return count;
            },
            TaskCreationOptions.LongRunning)).ToArray();
        for (var change = 1; change <= 5; change++)
        {
            TestIndex.Publish(Index, TestIndex.Images(change * 20, 200));
            Assert.True(index.Refresh());
        }

        await stop.CancelAsync();
        Assert.All(await Task.WhenAll(searches), count => Assert.True(count > 0));
    }

    [Fact]
    public void What_was_not_published_is_undone_and_its_contents_are_known()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 10));
        using (var update = IndexUpdate.Begin(Index, TestIndex.Settings()))
        {
            var contents = update.Add(3, 50, 51);
            update.Put("00003.jpg", "/elsewhere", contents[50]);
            update.Put("new.jpg", "/new", contents[51]);
            update.Remove("00004.jpg");
        }

        TestIndex.AssertHolds(Index, TestIndex.Images(0, 10));
        using (var update = IndexUpdate.Begin(Index, TestIndex.Settings()))
        {
            Assert.NotNull(update.Find(TestIndex.Hash(50)));
            Assert.Null(update.Find(TestIndex.Hash(52)));
            update.Put("new.jpg", "/new", update.Find(TestIndex.Hash(51))!.Value);
            Assert.Equal(11, update.Publish().Images);
        }

        TestIndex.AssertHolds(Index, new Dictionary<string, int>(TestIndex.Images(0, 10)) { ["new.jpg"] = 51 });
    }

    [Fact]
    public void A_process_that_ends_at_any_step_of_the_publishing_loses_and_doubles_nothing()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 40));
        var (before, after) = (TestIndex.Images(0, 40), TestIndex.Images(5, 40));
        after["00020.jpg"] = 800;

        // After the contents, in the middle of the graph, and with the graph but without the description.
        foreach (var (step, name) in (string[])["contents", "graph", "description"] is var steps ? steps.Index() : [])
        {
            var stopped = _folder.File(name);
            TemporaryFolder.Copy(Index, stopped);
            using (var update = IndexUpdate.Begin(stopped, TestIndex.Settings()))
            {
                var contents = update.Add(after.Values);
                if (step > 0)
                {
                    foreach (var (key, number) in after)
                    {
                        update.Put(key, key, contents[number]);
                    }

                    update.RemoveOthers();
                    var description = File.ReadAllBytes(Path.Combine(stopped, IndexDescription.FileName));
                    if (step == 1)
                    {
                        Assert.Throws<IOException>(() => update.Publish((_, _) => throw new IOException("the process ends here")));
                    }
                    else
                    {
                        Freeze(stopped, _folder.File("frozen"), description, () => update.Publish());
                        stopped = _folder.File("frozen");
                    }
                }
            }

            TestIndex.AssertHolds(stopped, before);
            var changes = TestIndex.Publish(stopped, after);
            Assert.Equal((5, 1, 5), (changes.Added, changes.Replaced, changes.Removed));
            TestIndex.AssertHolds(stopped, after);
            TestIndex.AssertHolds(stopped, after);
        }
    }

    [Fact]
    public void A_torn_record_and_a_content_without_its_vector_are_forgotten()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 3));
        using (var update = IndexUpdate.Begin(Index, TestIndex.Settings()))
        {
            update.Add(10, 11);
        }

        var pending = Path.Combine(Index, "pending.vectors");
        using (var file = File.OpenWrite(pending))
        {
            file.SetLength(file.Length - 7);
        }

        using (var update = IndexUpdate.Begin(Index, TestIndex.Settings()))
        {
            Assert.NotNull(update.Find(TestIndex.Hash(10)));
            Assert.Null(update.Find(TestIndex.Hash(11)));
        }

        TestIndex.Publish(Index, TestIndex.Images(8, 5));
        TestIndex.AssertHolds(Index, TestIndex.Images(8, 5));
        Assert.False(File.Exists(pending));
    }

    [Fact]
    public void A_key_that_comes_twice_is_told_and_its_first_image_stays()
    {
        using (var update = IndexUpdate.Begin(Index, TestIndex.Settings()))
        {
            var contents = update.Add(1, 2);
            Assert.True(update.Put("a", "first", contents[1]));
            Assert.False(update.Put("a", "second", contents[2]));
            Assert.Equal(1, update.Publish().Images);
        }

        TestIndex.AssertHolds(Index, new Dictionary<string, int> { ["a"] = 1 });
    }

    [Fact]
    public void Another_model_another_form_and_other_files_are_refused()
    {
        TestIndex.Publish(Index, TestIndex.Images(0, 3));
        var settings = TestIndex.Settings();
        AssertRefused(settings with { Model = settings.Model with { Weights = new string('c', 64) } }, "another model's: its weights are others (aaaaaaaaaaaa and not cccccccccccc)");
        AssertRefused(settings with { Model = settings.Model with { Images = "masked" } }, "images are seen otherwise (whole, and not masked)");
        AssertRefused(settings with { Format = VectorFormat.Int8 }, "was made otherwise: the format is Fp32 and not Int8");
        AssertRefused(settings with { ThumbnailSide = 100 }, "thumbnails have a side of 0 and not 100");
        AssertRefused(settings with { EmbedDim = 1 << 20 }, "must be at least 1");
        using (var moved = IndexUpdate.Begin(Index, settings with { Model = settings.Model with { Path = "/elsewhere" } }))
        {
            Assert.Equal("/elsewhere", IndexDescription.Read(Index).Settings.Model.Path);
            Assert.Throws<FolderInUseException>(() => IndexUpdate.Begin(Index, settings));
        }

        File.WriteAllText(Path.Combine(Index, "letter.txt"), "dear");
        AssertRefused(settings, "holds 'letter.txt' too");
        Assert.Contains("is no index", Assert.Throws<IndexFormatException>(() => IndexUpdate.Begin(_folder.File("nothing"))).Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("nothing")));
    }

    private void AssertRefused(IndexSettings settings, string problem) =>
        Assert.Contains(problem, Assert.Throws<ConfigException>(() => IndexUpdate.Begin(Index, settings)).Message, StringComparison.Ordinal);

    /// <summary>The files as they were when all was written but the description: with the one of before.</summary>
    private static void Freeze(string folder, string copy, byte[] description, Action publish)
    {
        var aside = copy + "-vectors";
        Directory.CreateDirectory(aside);
        foreach (var file in Directory.EnumerateFiles(folder, "vectors-*").Concat(Directory.EnumerateFiles(folder, "pending.vectors")))
        {
            File.Copy(file, Path.Combine(aside, Path.GetFileName(file)));
        }

        using var reader = ImageIndex.Open(folder); // keeps the database's journal
        publish();
        Directory.CreateDirectory(copy);
        foreach (var file in Directory.EnumerateFiles(folder).Where(file => !FolderLock.Owns(file)).Concat(Directory.EnumerateFiles(aside)))
        {
            File.Copy(file, Path.Combine(copy, Path.GetFileName(file)), overwrite: true);
        }

        File.WriteAllBytes(Path.Combine(copy, IndexDescription.FileName), description);
    }
}
