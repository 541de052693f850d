using System.Text;
using Flip.Data;
using Flip.Data.Loading;
using Flip.Data.Pairs;
using Flip.Data.Shards;

namespace Flip.Tests.Data.Pairs;

/// <summary>A training reads any source whose pairs lie at known places.</summary>
public sealed class PairSourcesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Images_with_texts_beside_them()
    {
        for (var i = 0; i < 6; i++)
        {
            Write($"d/sub/{i}.jpg", $"image {i}");
        }

        Write("d/sub/0.txt", " caption 0 \n");
        Write("d/sub/1.caption", "caption 1");
        Write("d/sub/2.json", """{"captions": ["caption 2"], "other": 1}""");
        Write("d/sub/3.json", """{"caption": "caption of json"}""");
        Write("d/sub/3.txt", "caption 3");
        Write("d/sub/4.txt", "  ");
        var pairs = Open(_folder.File("d"));
        Assert.Equal(["caption 0", "caption 1", "caption 2", "caption 3"], pairs.ReadCaptions());
        using var loader = Loader(pairs);
        var batch = loader.Next(24);
        Assert.Equal([0, 1, 2, 3], batch.Samples.Distinct().Order());
        for (var row = 0; row < 24; row++)
        {
            Assert.Equal($"image {batch.Samples[row]}", FakeTransform.TextOf(batch.Images, row));
        }

        Assert.Equal(["no caption"], loader.BadSamples.Keys);
    }

    [Fact]
    public void Folders_of_classes_become_captions()
    {
        Write("d/dog/a.jpg", "image 0");
        Write("d/red fox/b.jpg", "image 1");
        var pairs = Open(_folder.File("d"));
        Assert.Equal(["a dog", "the dog", "a red fox", "the red fox"], pairs.ReadCaptions());
        Assert.Contains("its 2 folders are classes", Assert.Single(_said), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("list.csv", "image,caption\n{0},caption 0\n{1},caption 1\n")]
    [InlineData("list.tsv", "image\tcaption\n{0}\tcaption 0\n{1}\tcaption 1\n")]
    [InlineData("list.jsonl", "{{\"image\": \"{0}\", \"caption\": \"caption 0\"}}\n{{\"image\": \"{1}\", \"caption\": \"caption 1\"}}\n")]
    public void Lists_of_images_and_captions(string name, string form)
    {
        Write("0.jpg", "image 0");
        Write("1.jpg", "image 1");
        Write(name, string.Format(null, form, "0.jpg", "1.jpg"));
        AssertIsPairs(Open(_folder.File(name)));
    }

    [Fact]
    public void Published_captions()
    {
        Write("d/images/0.jpg", "image 0");
        Write("d/images/1.jpg", "image 1");
        Write("d/images/2.jpg", "of another split");
        Write("d/dataset_flickr8k.json", """
            {"images": [{"filename": "0.jpg", "split": "train", "sentences": [{"raw": "caption 0"}]},
                        {"filename": "2.jpg", "split": "test", "sentences": [{"raw": "other"}]},
                        {"filename": "1.jpg", "split": "train", "sentences": [{"raw": "caption 1"}]}]}
            """);
        AssertIsPairs(Open(_folder.File("d")));
    }

    [Fact]
    public void Shards_of_the_training_part_of_a_folder()
    {
        using var shards = new TestShards();
        Directory.CreateDirectory(shards.Path("train"));
        Directory.CreateDirectory(shards.Path("test"));
        shards.WritePairs("train/0.tar", 0, 2);
        shards.WritePairs("test/0.tar", 5, 2);
        AssertIsPairs(Open(shards.Folder));
    }

    [Theory]
    [InlineData("a.parquet", "flip data pack")]
    [InlineData("a.csv.gz", "flip data download")]
    [InlineData("a.docx", "expected shards")]
    public void What_has_its_pairs_at_no_places_is_named_with_the_command_that_packs_it(string name, string expected)
    {
        Write(name, "x");
        Assert.Contains(expected, Assert.Throws<ConfigException>(() => Open(_folder.File(name))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_without_data_says_what_was_looked_for()
    {
        Directory.CreateDirectory(_folder.File("d"));
        Assert.Contains("neither shards", Assert.Throws<ConfigException>(() => Open(_folder.File("d"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mixture_keeps_images_and_captions_together_and_resumes_anywhere()
    {
        using var shards = new TestShards();
        var paths = new[] { shards.WritePairs("a.tar", 0, 7), shards.WritePairs("b.tar", 7, 30) };
        var mixed = new MixedPairs(
            [.. paths.Select(path => new ShardedPairs(DataSetIndex.Open([path]), new CaptionReader()))], [(0, [1, 1]), (30, [1, 4])]);
        Assert.Equal((37L, 2), (mixed.Count, mixed.Parts.Count));
        Assert.Contains("'000009' in", mixed.Describe(9), StringComparison.Ordinal);
        var whole = Sequence(mixed, 0, 80);
        Assert.Equal(whole, Sequence(mixed, 0, 80, batch: 5));
        Assert.Equal(whole[33..], Sequence(mixed, 33, 47));
        Assert.Equal(15, whole[..30].Count(text => int.Parse(text.Split(' ')[0], null) < 7));
        Assert.Equal(10, whole[30..].Count(text => int.Parse(text.Split(' ')[0], null) < 7));
        Assert.All(whole, text => Assert.Equal($"{text.Split(' ')[0]} image {text.Split(' ')[0]} caption {text.Split(' ')[0]}", text));
    }

    [Fact]
    public void A_bad_sample_of_a_mixture_is_replaced_by_one_of_its_source()
    {
        using var shards = new TestShards();
        var bad = shards.Write("a.tar", [.. Enumerable.Range(0, 10).SelectMany(i => new[] { ($"{i}.jpg", i < 8 ? "BAD" : $"image {i}"), ($"{i}.txt", $"caption {i}") })]);
        var mixed = new MixedPairs(
            [.. new[] { bad, shards.WritePairs("b.tar", 10, 30) }.Select(path => new ShardedPairs(DataSetIndex.Open([path]), new CaptionReader()))], [(0, [1, 1])]);
        Assert.Equal(50, Sequence(mixed, 0, 100).Count(text => text.StartsWith("8 ", StringComparison.Ordinal) || text.StartsWith("9 ", StringComparison.Ordinal)));
    }

    [Fact]
    public void Captions_are_drawn_by_the_weights_of_their_places()
    {
        using var shards = new TestShards();
        var path = shards.Write("a.tar", ("a.jpg", "image"), ("a.txt", "raw"), ("a.json", """{"synthetic": ["s1", "s2"], "captions": ["never"], "other": "x"}"""), ("b.jpg", "image"), ("b.json", """{"synthetic": "only"}"""));
        var index = DataSetIndex.Open([path]);
        var reader = new CaptionReader(fields: [new("txt", 0.25), new("synthetic", 0.75)]);
        Assert.Equal(["raw", "s1", "s2", "only"], index.ReadCaptions(reader));
        using var files = new ShardedPairs(index, reader).Open();
        var drawn = Enumerable.Range(0, 4000).Select(i => files.At(0).DrawCaption(new(1, Flip.Randomness.RandomPurpose.Caption, i))).CountBy(text => text).ToDictionary();
        Assert.InRange(drawn["raw"], 900, 1100);
        Assert.InRange(drawn["s1"], 1350, 1650);
        Assert.InRange(drawn["s2"], 1350, 1650);
        Assert.Equal("only", files.At(1).DrawCaption(new(1, Flip.Randomness.RandomPurpose.Caption)));
        using var none = new ShardedPairs(index, new CaptionReader(fields: [new("absent", 1)])).Open();
        Assert.Contains("'absent' of its .json", Assert.Throws<BadSampleException>(() => none.At(0).ReadCaptions()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_mixed_pair_has_the_mean_of_two_images_and_both_captions()
    {
        using var shards = new TestShards();
        var pairs = new ShardedPairs(DataSetIndex.Open([shards.WritePairs("a.tar", 0, 50)]), new CaptionReader());
        List<(long Sample, byte[] Image, string Caption)> Read(double mixup, long start, int size)
        {
            using var loader = new BatchLoader(pairs, new CharTokenizer(), new FakeTransform(), new() { TextLength = 30, Start = start, Seed = 4, Mixup = mixup });
            var batch = loader.Next(size);
            return [.. Enumerable.Range(0, size).Select(row => (batch.Samples[row], batch.Images[(row * 48)..((row + 1) * 48)], new CharTokenizer().Decode(batch.Tokens[(row * 30)..((row + 1) * 30)])))];
        }

        var plain = Read(0, 0, 50).ToDictionary(pair => pair.Sample);
        var mixed = Read(0.5, 0, 50);
        var both = mixed.Where(pair => pair.Caption != plain[pair.Sample].Caption).ToList();
        Assert.InRange(both.Count, 15, 35);
        foreach (var pair in both)
        {
            var captions = pair.Caption.Split(" caption ");
            Assert.Equal(plain[pair.Sample].Caption, captions[0]);
            var other = plain[int.Parse(captions[1], null)].Image;
            Assert.Equal(plain[pair.Sample].Image.Zip(other, (a, b) => (byte)((a + b + 1) / 2)), pair.Image);
        }

        Assert.Equal(mixed.Skip(20).Select(pair => pair.Caption), Read(0.5, 20, 30).Select(pair => pair.Caption)); // whatever the batch
    }

    [Fact]
    public void A_vocabulary_of_many_samples_is_learnt_from_whole_shards_evenly_spread()
    {
        using var shards = new TestShards();
        var pairs = new ShardedPairs(DataSetIndex.Open(shards.WritePairs([.. Enumerable.Repeat(10, 20)])), new CaptionReader());
        Assert.Equal(200, pairs.ReadCaptions().Count());
        Assert.Equal([0, 50, 100, 150], pairs.ReadCaptions(most: 45).Chunk(10).Select(shard => int.Parse(shard[0].Split(' ')[1], null)));
    }

    private static void AssertIsPairs(PairSet pairs)
    {
        Assert.Equal(2, pairs.Count);
        Assert.Equal(["0 image 0 caption 0", "1 image 1 caption 1"], Sequence(pairs, 0, 2).Order());
    }

    private static List<string> Sequence(PairSet pairs, long start, int count, int batch = 0)
    {
        using var loader = Loader(pairs, start);
        return [.. Enumerable.Repeat(batch == 0 ? count : batch, batch == 0 ? 1 : count / batch).SelectMany(size =>
        {
            var next = loader.Next(size);
            return Enumerable.Range(0, size).Select(row => $"{next.Samples[row]} {FakeTransform.TextOf(next.Images, row)} "
                + new CharTokenizer().Decode(next.Tokens[(row * 12)..((row + 1) * 12)])).ToList();
        })];
    }

    private static BatchLoader Loader(PairSet pairs, long start = 0) =>
        new(pairs, new CharTokenizer(), new FakeTransform(), new() { TextLength = 12, MaxBadShare = 1, Start = start, Seed = 4 });

    private PairSet Open(string source) => PairSources.Open(
        source, new CaptionReader(), null, ["a {c}", "the {c}"], new SourceOptions { AllowMissing = true, Say = _said.Add }, CancellationToken.None);

    private void Write(string name, string content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(_folder.File(name))!);
        File.WriteAllBytes(_folder.File(name), Encoding.UTF8.GetBytes(content));
    }
}
