using System.Formats.Tar;
using Flip.Data.Shards;

namespace Flip.Tests.Data.Shards;

public sealed class DataSetIndexTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Theory]
    [InlineData(TarEntryFormat.Pax)]
    [InlineData(TarEntryFormat.Ustar)]
    [InlineData(TarEntryFormat.Gnu)]
    [InlineData(TarEntryFormat.V7)]
    public void Members_are_grouped_by_key_in_every_tar_format(TarEntryFormat format)
    {
        var path = _shards.Write(
            "a.tar", format,
            ("x/1.jpg", "i1"), ("x/1.txt", "one"), ("y/1.png", "i2"), ("y/1.txt", "two"),
            ("2.JPEG", "i3"), ("2.Txt", "three"), ("2.seg.png", "no"));
        var index = DataSetIndex.Open([path]);
        Assert.Equal(3, index.Count);
        Assert.Empty(index.Damage);
        Assert.Equal(["one", "two", "three"], index.ReadCaptions(new CaptionReader()));
        Assert.Contains("'y/1' in '", index.Describe(1), StringComparison.Ordinal);
        Assert.Contains("a.tar", index.Describe(1), StringComparison.Ordinal);
    }

    [Fact]
    public void Members_of_a_sample_need_not_be_neighbours()
    {
        var path = _shards.Write("a.tar", ("1.jpg", "i"), ("2.jpg", "i"), ("2.txt", "two"), ("1.txt", "one"));
        Assert.Equal(["one", "two"], DataSetIndex.Open([path]).ReadCaptions(new CaptionReader()));
    }

    [Fact]
    public void Long_names_and_names_that_climb_are_only_names()
    {
        var name = string.Join('/', Enumerable.Repeat(new string('n', 60), 5)) + "/photo";
        var path = _shards.Write(
            "a.tar", (name + ".jpg", "i"), (name + ".txt", "long"), ("../../../etc/x.jpg", "i"), ("/abs.jpg", "i"), ("/abs.txt", "abs"));
        var index = DataSetIndex.Open([path]);
        Assert.Equal(3, index.Count);
        Assert.Equal(["long", "abs"], index.ReadCaptions(new CaptionReader()));
        Assert.Contains(name, index.Describe(0), StringComparison.Ordinal);
    }

    [Fact]
    public void Members_given_twice_and_keys_without_image_are_noted()
    {
        var path = _shards.Write(
            "a.tar", ("1.jpg", "i"), ("1.txt", "first"), ("1.txt", "second"), ("2.txt", "no image"), ("README", ""), ("._1.jpg", "mac"));
        var index = DataSetIndex.Open([path]);
        Assert.Equal(["first"], index.ReadCaptions(new CaptionReader()));
        Assert.Equal(["duplicate member", "no image"], index.Damage.Select(damage => damage.Cause));
        Assert.Contains("'2'", index.Damage[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_empty_shard_is_noted_and_the_others_are_used()
    {
        var paths = new[] { _shards.Write("a.tar"), _shards.WritePairs("b.tar", 0, 3), _shards.Path("c.tar"), _shards.Path("d.tar") };
        File.WriteAllText(paths[2], "");
        File.WriteAllBytes(paths[3], new byte[10240]);
        var index = DataSetIndex.Open(paths);
        Assert.Equal(3, index.Count);
        Assert.Equal(["empty shard", "empty shard", "empty shard"], index.Damage.Select(damage => damage.Cause));
        Assert.Equal([paths[0], paths[2], paths[3]], index.Damage.Select(damage => damage.Path));
    }

    [Fact]
    public void A_data_set_without_any_sample_is_refused_with_the_reasons()
    {
        File.WriteAllText(_shards.Path("text.tar"), string.Concat(Enumerable.Repeat("This is a text, not a tar.\n", 100)));
        var error = Assert.Throws<ConfigException>(() => DataSetIndex.Open([_shards.Write("a.tar"), _shards.Path("text.tar")]));
        Assert.StartsWith("The data set has no sample.", error.Problems[0], StringComparison.Ordinal);
        Assert.Contains("a.tar' has no ", error.Message, StringComparison.Ordinal);
        Assert.Contains("text.tar' is no tar file", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("short")]
    [InlineData("0000000 0000000 0000000 0000000 0000000 0000000 0000000 0000000 ")]
    [InlineData("{\"json\": [1, 2, 3], \"text\": \"more of it\"}\n")]
    public void A_text_file_named_tar_is_no_tar(string text)
    {
        foreach (var repeats in (int[])[1, 20, 1000])
        {
            File.WriteAllText(_shards.Path("text.tar"), string.Concat(Enumerable.Repeat(text, repeats)));
            var shard = ShardReader.Read(_shards.Path("text.tar"));
            Assert.Equal((0, "not a tar"), (shard.Count, Assert.Single(shard.Damage).Cause));
        }
    }

    [Fact]
    public void A_shard_cut_anywhere_keeps_the_samples_before_the_cut()
    {
        var whole = File.ReadAllBytes(_shards.WritePairs("whole.tar", 0, 4));
        var path = _shards.Path("cut.tar");
        for (var length = 1; length < whole.Length - 1024; length += 57)
        {
            File.WriteAllBytes(path, whole[..length]);
            var shard = ShardReader.Read(path);

            // A sample takes four blocks: two headers, two contents; its image is there from 512 + 7 bytes on.
            Assert.Equal((length + 2048 - 512 - 7) / 2048, shard.Count);
            Assert.Contains(Assert.Single(shard.Damage).Cause, (string[])["cut shard", "not a tar"]);
        }
    }

    [Fact]
    public void Shards_glued_together_are_noted()
    {
        var one = File.ReadAllBytes(_shards.WritePairs("one.tar", 0, 2));
        File.WriteAllBytes(_shards.Path("both.tar"), [.. one, .. one]);
        var shard = ShardReader.Read(_shards.Path("both.tar"));
        Assert.Equal((2, "data behind the end"), (shard.Count, Assert.Single(shard.Damage).Cause));
    }

    [Fact]
    public void Damaged_bytes_never_throw_or_hang()
    {
        var whole = File.ReadAllBytes(_shards.Write(
            "whole.tar", TarEntryFormat.Pax, ("a/" + new string('x', 150) + ".jpg", "image"), ("b.jpg", "image"), ("b.txt", "text")));
        var path = _shards.Path("damaged.tar");
        var random = new Random(1);
        for (var trial = 0; trial < 3000; trial++)
        {
            var bytes = (byte[])whole.Clone();
            for (var change = 0; change < 1 + (trial % 4); change++)
            {
                // A third of the changes hit the size, checksum and type of a header, where they hurt most.
                var hit = random.Next(3) == 0 ? (random.Next(bytes.Length / 512) * 512) + 124 + random.Next(40) : random.Next(bytes.Length);
                bytes[hit] = (trial % 3) switch
                {
                    0 => (byte)random.Next(256),
                    1 => (byte)('0' + random.Next(10)),
                    _ => (byte)"\0 LKxgSV5"[random.Next(9)],
                };
            }

            File.WriteAllBytes(path, bytes);
            var shard = ShardReader.Read(path);
            foreach (var sample in shard.Samples)
            {
                Assert.InRange(sample.Image.Offset + sample.Image.Length, 512, bytes.Length);
            }
        }
    }

    [Fact]
    public void A_shard_that_cannot_be_opened_is_an_error()
    {
        var error = Assert.Throws<ConfigException>(() => DataSetIndex.Open([_shards.WritePairs("a.tar", 0, 1), _shards.Path("gone.tar")]));
        Assert.Contains("gone.tar' cannot be opened", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Samples_are_numbered_through_and_progress_is_told()
    {
        var told = 0;
        var index = DataSetIndex.Open(_shards.WritePairs(3, 5, 2), (_, total) => Interlocked.Add(ref told, total));
        Assert.Equal((10L, 9), (index.Count, told));
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"caption {i}"), index.ReadCaptions(new CaptionReader()));
        Assert.Contains("'000007' in", index.Describe(7), StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => index.Describe(10));
    }

    [Fact]
    public void Flickr8k_has_its_photos_and_captions()
    {
        var index = DataSetIndex.Open(SharedData.Require("data/flickr8k") + "/train-{0000..0005}.tar");
        Assert.Equal(6000, index.Count);
        Assert.Empty(index.Damage);
        Assert.Equal(30_000, index.ReadCaptions(new CaptionReader()).Count());
    }
}
