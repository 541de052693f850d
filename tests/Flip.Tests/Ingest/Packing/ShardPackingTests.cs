using System.Security.Cryptography;
using System.Text.Json;
using Flip.Data.Shards;
using Flip.Ingest.Formats;
using Flip.Ingest.Images;
using Flip.Ingest.Packing;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Ingest.Packing;

public sealed class ShardPackingTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_have_numbered_keys_the_captions_and_what_the_source_said()
    {
        var untouched = Image(16, 12);
        var state = Pack("out", new PackOptions { Source = "s", SamplesPerShard = 2 }, [
            new() { Key = "a", Image = untouched, Captions = ["one"], Fields = Fields("""{"similarity": 0.5, "key": "old", "width": 16}""") },
            new() { Key = "b", Image = Image(10, 10), Captions = ["one", "two"] },
            new() { Key = "c", Image = Image(11, 11), Captions = ["three"] },
        ]);

        Assert.Equal((3, 3, 2, true), (state.Entries, state.Samples, state.Shards, state.IsComplete));
        var read = PairReaders.Open(_folder.File("out")).Read().ToList();
        Assert.Equal(["00000/000000000", "00000/000000001", "00001/000010000"], read.Select(pair => pair.Key));
        Assert.Equal([["one"], ["one", "two"], ["three"]], read.Select(pair => pair.Captions));
        Assert.Equal(untouched, read[0].Image.ToArray());
        var fields = read[0].Fields.ToDictionary(field => field.Key, field => field.Value.ToString());
        Assert.Equal(
            ["height 12", "key 000000000", "original_height 12", "original_width 16", "sha256 " + Convert.ToHexStringLower(SHA256.HashData(untouched)), "similarity 0.5", "source_key a", "width 16"],
            fields.Select(field => $"{field.Key} {field.Value}").Order(StringComparer.Ordinal));
        Assert.Equal(1, _folder.Json("out/00001_stats.json")["successes"]!.GetValue<int>());
    }

    [Fact]
    public void Any_number_of_threads_gives_the_same_bytes()
    {
        Pack("one", new PackOptions { Source = "s", SamplesPerShard = 5, Duplicates = DuplicateKind.Perceptual, Threads = 1 }, Many());
        Pack("three", new PackOptions { Source = "s", SamplesPerShard = 5, Duplicates = DuplicateKind.Perceptual, Threads = 3 }, Many());
        Assert.Equal(Contents("one"), Contents("three"));
    }

    /// <summary>A reading that fails behind any entry stands for a kill: what is finished stays, and the next start goes on.</summary>
    [Fact]
    public void A_packing_that_is_stopped_anywhere_goes_on_to_the_same_bytes()
    {
        var options = new PackOptions { Source = "s", SamplesPerShard = 4, Duplicates = DuplicateKind.Exact, Threads = 2, MinCaption = 2 };
        Pack("whole", options, Many());
        var whole = Contents("whole");
        for (var step = 3; step < Many().Count; step += 4)
        {
            for (var stop = step; stop < Many().Count; stop += step)
            {
                Assert.Throws<IOException>(() => new ShardPacking(new MemoryPairs(Many()) { FailAt = stop }, options).Run(_folder.File("parts")));
            }

            File.WriteAllText(_folder.File($"parts/pack.json.{new string('a', 16)}.tmp"), "left by a kill");
            Pack("parts", options, Many());
            Assert.Equal(whole, Contents("parts"));
            Directory.Delete(_folder.File("parts"), recursive: true);
        }
    }

    [Fact]
    public void A_finished_folder_is_left_as_it_is_and_one_of_other_settings_is_refused()
    {
        var options = new PackOptions { Source = "s", SamplesPerShard = 4 };
        var first = Pack("out", options, Many());
        var again = new ShardPacking(new MemoryPairs(Many()) { FailAt = 0 }, options).Run(_folder.File("out"));
        Assert.Equal(JsonSerializer.Serialize(first), JsonSerializer.Serialize(again));
        var other = options with { SamplesPerShard = 5, Images = new ImagePreparationOptions { Resize = ImageResize.KeepRatio, Size = 8 } };
        var message = Assert.Throws<ConfigException>(() => Pack("out", other, Many())).Message;
        Assert.Contains("resize (No there, KeepRatio now), samples-per-shard (4 there, 5 now), size (- there, 8 now)", message, StringComparison.Ordinal);

        Assert.Contains("entries (23 there, 22 now)", Assert.Throws<ConfigException>(() => Pack("out", options, Many()[1..])).Message, StringComparison.Ordinal);

        Directory.CreateDirectory(_folder.File("full"));
        File.WriteAllText(_folder.File("full/notes.txt"), "mine");
        Assert.Contains("other things", Assert.Throws<ConfigException>(() => Pack("full", options, Many())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_left_out_is_counted_by_cause_with_the_first_of_each()
    {
        var state = Pack("out", new PackOptions { Source = "s", MinCaption = 3, MaxCaption = 10, Images = new ImagePreparationOptions { Resize = ImageResize.No, MinSide = 8, MaxAspectRatio = 3 }, Duplicates = DuplicateKind.Exact }, [
            new() { Key = "kept", Image = Image(10, 10), Captions = ["a dog", "x"] },
            new() { Key = "broken", Image = new byte[] { 1, 2, 3 }, Captions = ["a dog"] },
            new() { Key = "small", Image = Image(7, 20), Captions = ["a dog"] },
            new() { Key = "long", Image = Image(40, 10), Captions = ["a dog"] },
            new() { Key = "mute", Image = Image(12, 10) },
            new() { Key = "short", Image = Image(13, 10), Captions = ["ab", "a much too long caption"] },
            new() { Key = "again", Image = Image(10, 10), Captions = ["a cat"] },
            new() { Key = "gone", Problem = new BadSource("missing image", "it is gone") },
            new() { Key = "far", Url = "http://a/1.jpg", Captions = ["a dog"] },
        ]);
        Assert.Equal(
            ["aspect ratio too large 1", "caption length 1", "duplicate 1", "image too small 1", "missing image 1", "no caption 1", "not an image 1", "not downloaded 1"],
            state.Dropped.Select(drop => $"{(drop.Key.Contains("image", StringComparison.Ordinal) && drop.Key is not ("image too small" or "missing image") ? "not an image" : drop.Key)} {drop.Value}").Order(StringComparer.Ordinal));
        Assert.Equal("'gone': it is gone", state.Examples["missing image"]);
        Assert.Equal(1, state.DroppedCaptions["caption length"]);
        Assert.Equal((9, 1), (state.Entries, state.Samples));
    }

    [Fact]
    public void Copies_of_another_size_and_quality_look_the_same_and_other_images_do_not()
    {
        SourcePair Of(string key, byte[] image) => new() { Key = key, Image = image, Captions = ["x"] };
        IReadOnlyList<SourcePair> pairs =
        [
            Of("a", Scene(0, 160, 95)), Of("a again", Scene(0, 160, 60)), Of("a small", Scene(0, 97, 90)), Of("b", Scene(1, 160, 95)), Of("c", Scene(2, 160, 95)),
            Of("flat", Flat(SKColors.Red)), Of("flat too", Flat(SKColors.Blue)),
        ];
        var state = Pack("out", new PackOptions { Source = "s", Duplicates = DuplicateKind.Perceptual }, pairs);
        Assert.Equal((5, 2), (state.Samples, state.Dropped["duplicate"]));
        Assert.Equal(7, Pack("exact", new PackOptions { Source = "s", Duplicates = DuplicateKind.Exact }, pairs).Samples);
    }

    /// <summary>The vectors of the fake model turn a little with an image's place in its batch, so that other batches would find other duplicates.</summary>
    [Fact]
    public void A_packing_by_embeddings_that_is_stopped_anywhere_goes_on_with_the_same_batches()
    {
        var vectors = new FakeVectors();
        var options = new PackOptions { Source = "s", SamplesPerShard = 4, Duplicates = DuplicateKind.Embedding, Vectors = vectors, Alike = 0.98, Threads = 2 };
        var state = Pack("whole", options, Many());
        Assert.InRange(state.Dropped["duplicate"], 3, 12);
        var whole = Contents("whole");
        for (var step = 3; step < Many().Count; step += 2)
        {
            for (var stop = step; stop < Many().Count; stop += step)
            {
                Assert.Throws<IOException>(() => new ShardPacking(new MemoryPairs(Many()) { FailAt = stop }, options).Run(_folder.File("parts")));
            }

            Pack("parts", options, Many());
            Assert.Equal(whole, Contents("parts"));
            Directory.Delete(_folder.File("parts"), recursive: true);
        }

        Pack("half", options with { SamplesPerShard = 3 }, Many());
        Assert.Contains("model (fake there, other now)", Assert.Throws<ConfigException>(
            () => Pack("half", options with { SamplesPerShard = 3, Vectors = new FakeVectors { Identity = "other" } }, Many())).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Images_whose_vectors_are_near_enough_are_duplicates_also_within_a_batch_and_one_that_cannot_be_embedded_is_kept()
    {
        // Vectors by hand: 0.96 = (1, 0) · (0.96, 0.28); the third is near the second alone, which was left out, so it stays.
        var vectors = new FakeVectors { Given = [[1, 0], [0.96f, 0.28f], [0.8f, 0.6f], null, [0.81f, 0.586f], null] };
        List<SourcePair> pairs = [.. Enumerable.Range(0, 6).Select(i => new SourcePair { Key = $"{i}", Image = Image(20 + i, 20), Captions = ["x"] })];
        var state = Pack("out", new PackOptions { Source = "s", Duplicates = DuplicateKind.Embedding, Vectors = vectors, Alike = 0.95 }, pairs);
        Assert.Equal(["0", "2", "3", "5"], PairReaders.Open(_folder.File("out")).Read().Select(pair => pair.Fields["source_key"].GetString()));
        Assert.Equal(2, state.Dropped["duplicate"]);
    }

    [Fact]
    public void Classes_become_numbers_with_a_file_of_their_names()
    {
        var pairs = Enumerable.Range(0, 3).Select(i => new SourcePair { Key = $"{i}", Image = Image(8 + i, 8), Class = $"{i % 2}" }).ToList();
        new ShardPacking(new MemoryPairs(pairs) { Classes = ["cat", "dog"] }, new PackOptions { Source = "s" }).Run(_folder.File("out"));
        Assert.Equal(["0", "1", "0"], PairReaders.Open(_folder.File("out")).Read().Select(pair => pair.Class));
        Assert.Equal("""["cat","dog"]""", File.ReadAllText(_folder.File("out/classes.json")).Trim());
        Assert.Equal(3, DataSetIndex.Open(_folder.File("out")).Count);
    }

    [Fact]
    public void A_list_of_addresses_is_for_another_command()
    {
        var pairs = new List<SourcePair> { new() { Key = "0", Url = "http://a/1.jpg", Captions = ["x"] } };
        Assert.Contains("flip data download", Assert.Throws<ConfigException>(() => Pack("out", new PackOptions { Source = "s" }, pairs)).Message, StringComparison.Ordinal);
    }

    /// <summary>Of 23 entries some come twice, are broken or have no caption.</summary>
    private static List<SourcePair> Many() => [.. Enumerable.Range(0, 23).Select(i => new SourcePair
    {
        Key = $"entry {i}",
        Image = i % 7 == 3 ? new byte[] { 9, 9, (byte)i } : Scene(i % 9 == 8 ? 0 : i, 40, 90),
        Captions = i % 5 == 4 ? [] : i % 6 == 0 ? [$"caption {i}", "x", "another"] : [$"caption {i}"],
    })];

    /// <summary>Unit vectors of a batch of four: those given by hand, or by the mean colour and the place in the batch.</summary>
    private sealed class FakeVectors : IImageVectors
    {
        private int _next;

        public IReadOnlyList<float[]?>? Given { get; init; }

        public string Identity { get; init; } = "fake";

        public int Dim => 2;

        public int BatchSize => 4;

        public IReadOnlyList<float[]?> Embed(IReadOnlyList<ReadOnlyMemory<byte>> images) =>
            [.. images.Select((image, place) => Given is not null ? Given[_next++] : Turned(image.Span, place))];

        private static float[] Turned(ReadOnlySpan<byte> image, int place)
        {
            using var bitmap = SKBitmap.Decode(image.ToArray());
            var angle = (bitmap.GetPixel(0, 0).Blue / 60.0) + (0.05 * place);
            return [(float)Math.Cos(angle), (float)Math.Sin(angle)];
        }
    }

    private static byte[] Image(int width, int height) => TestImages.Encode(width, height, SKEncodedImageFormat.Png);

    private static byte[] Flat(SKColor colour)
    {
        using var bitmap = new SKBitmap(64, 64);
        bitmap.Erase(colour);
        return bitmap.Encode(SKEncodedImageFormat.Png, 100).ToArray();
    }

    /// <summary>Circles at places that a number tells.</summary>
    private static byte[] Scene(int number, int side, int quality)
    {
        using var bitmap = new SKBitmap(side, side);
        using var canvas = new SKCanvas(bitmap);
        canvas.Clear(new SKColor(40, 80, (byte)(10 * number)));
        for (var i = 0; i < 5; i++)
        {
            using var paint = new SKPaint { Color = new SKColor((byte)(50 * i), (byte)(255 - (40 * i)), 200), IsAntialias = true };
            canvas.DrawCircle(side * (((37 * number) + (53 * i)) % 100) / 100f, side * (((71 * number) + (29 * i * i)) % 100) / 100f, side * (10 + (3 * i)) / 100f, paint);
        }

        canvas.Flush();
        return bitmap.Encode(SKEncodedImageFormat.Jpeg, quality).ToArray();
    }

    private static Dictionary<string, JsonElement> Fields(string json) =>
        JsonDocument.Parse(json).RootElement.EnumerateObject().ToDictionary(field => field.Name, field => field.Value);

    private PackState Pack(string name, PackOptions options, IReadOnlyList<SourcePair> pairs) => new ShardPacking(new MemoryPairs(pairs), options).Run(_folder.File(name));

    private SortedDictionary<string, string> Contents(string name) => new(Directory.EnumerateFiles(_folder.File(name), "*", SearchOption.AllDirectories)
        .Where(file => !Flip.Io.FolderLock.Owns(file))
        .ToDictionary(file => Path.GetRelativePath(_folder.File(name), file), file => Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(file)))));
}
