using System.Globalization;
using System.Text;
using Flip.Data;
using Flip.Data.Layouts;
using Flip.Data.Shards;
using static Flip.Tests.Data.Tar.TarBytes;

namespace Flip.Tests.Data.Shards;

/// <summary>Which members of a tar are whose samples, and what is said of the others.</summary>
public sealed class ShardMembersTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void Names_with_more_dots_are_samples_where_the_first_part_is_none()
    {
        var index = Index(
            Member("2023.05.01_x.JPG", "1"), Member("2023.05.01_x.Txt", "one"), Member("2023.05.02_x.jpg", "2"), Member("2023.05.02_x.json", """{"caption": "two"}"""),
            Member("v1.2/a.b.jpg", "3"), Member("c.tar.jpg", "4"), Member("plain.jpg", "5"), Member("plain.txt", "five"), Member("./v1.2/d.jpeg", "6"));
        Assert.Equal(["2023.05.01_x", "2023.05.02_x", "v1.2/a.b", "c.tar", "plain", "./v1.2/d"], Keys(index));
        Assert.Equal(["1", "2", "3", "4", "5", "6"], Images(index));
        Assert.Equal(["one", "two", "five"], index.ReadCaptions(new CaptionReader()));
        Assert.Contains("'2023.05.02_x' in ", index.Describe(1), StringComparison.Ordinal);
        Assert.Empty(index.Findings);
    }

    [Fact]
    public void Fields_of_a_sample_are_neither_samples_nor_its_image_and_are_counted()
    {
        // The mask may stand before the image, and is a mask still where the image is missing.
        var index = Index(
            Member("a.seg.png", "m"), Member("a.jpg", "1"), Member("a.txt", "t"), Member("b.jpg", "2"), Member("b.seg.png", "m"), Member("b.npy", "n"),
            Member("b.caption.txt", "no"), Member("c.txt", "t"), Member("c.seg.PNG", "m"), Member("b.mp4", "v"), Member("LICENSE", "l"));
        Assert.Equal(["a", "b"], Keys(index));
        Assert.Equal(["1", "2"], Images(index));
        Assert.Equal("no image", Assert.Single(index.Damage).Cause);
        Assert.Equal(
            "Passed over: 6 members that no sample uses (.seg.png 3, without extension 1, .caption.txt 1, .mp4 1).", index.Findings[^1]);
    }

    [Fact]
    public void Files_of_macOS_beside_the_images_are_no_images()
    {
        var index = Index(Member("._a.jpg", "x"), Member("a.jpg", "1"), Member("d/._b.c.jpg", "x"), Member("d/b.c.jpg", "2"), Member(".DS_Store", "x"), Member(".hidden.jpg", "x"));
        Assert.Equal(["a", "d/b.c"], Keys(index));
        Assert.Equal("Passed over: 2 members that no sample uses (._* 2).", Assert.Single(index.Findings));
    }

    [Fact]
    public void Two_images_of_one_key_are_told()
    {
        var index = Index(Member("a.jpg", "1"), Member("a.jpeg", "2"), Member("x.y.jpg", "3"), Member("x.y.png", "4"));
        Assert.Equal(["1", "3"], Images(index));
        var damage = Assert.Single(index.Damage);
        Assert.Equal(("duplicate member", 2L), (damage.Cause, damage.Count));
    }

    [Fact]
    public void Links_are_the_files_that_they_lead_to()
    {
        var index = Index(
            Header("d/ahead.jpg", 0, '2', "../blobs/z"), Member("blobs/a", "1"), Header("a.jpg", 0, '1', "blobs/a"), Member("a.txt", "one"),
            Header("d/b.jpg", 0, '2', "../a.jpg"), Header("d/b.txt", 0, '2', "../a.txt"), Header("e.f.jpg", 0, '1', "./blobs//a"),
            Member("blobs/a", "2"), Header("late.jpg", 0, '1', "blobs/a"), Header("last.jpg", 0, '2', "blobs/a"), Member("blobs/z", "z"),
            Pax('x', ("linkpath", "blobs/z")), Header("pax.jpg", 0, '1', "wrong"));
        Assert.Equal(["d/ahead", "a", "d/b", "e.f", "late", "last", "pax"], Keys(index));
        Assert.Equal(["z", "1", "1", "1", "2", "2", "z"], Images(index));
        Assert.Equal(["one", "one"], index.ReadCaptions(new CaptionReader()));
        Assert.Empty(index.Damage);
    }

    [Fact]
    public void Links_out_of_the_archive_to_nothing_and_in_circles_are_counted()
    {
        var index = Index(
            Header("a.jpg", 0, '2', "/etc/passwd"), Header("b.jpg", 0, '2', "../../outside.jpg"), Header("c.jpg", 0, '1', "nothing"), Header("d.jpg", 0, '2', "e.jpg"),
            Header("e.jpg", 0, '2', "d.jpg"), Header("f.jpg", 0, '2', "f.jpg"), Header("g.jpg", 0, '1', "g.jpg"), Header("dir.jpg", 0, '2', "dir"), Header("dir/", 0, '5'),
            Header("link", 0, '2', "of no use"), Member("z.jpg", "z"));
        Assert.Equal(["z"], Keys(index));
        var damage = Assert.Single(index.Damage);
        Assert.Equal(("broken link", 8L), (damage.Cause, damage.Count));
        Assert.Contains("'a.jpg'", damage.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("S")]
    [InlineData("0.0")]
    [InlineData("0.1")]
    [InlineData("1.0")]
    public void Sparse_members_have_zeros_in_their_holes(string form)
    {
        var index = Index(Member("a.jpg", "1"), SparseMember(form, "s.jpg", 3000, (5, "some"), (1000, "more")), SparseMember(form, "whole.jpg", 3, (0, "all")), Member("z.jpg", "z"));
        Assert.Equal(["a", "s", "whole", "z"], Keys(index));
        var expected = new byte[3000];
        Put(expected, 5, "some");
        Put(expected, 1000, "more");
        Assert.Equal(["1", Encoding.Latin1.GetString(expected), "all", "z"], Images(index));
        Assert.Single(index.Shards[0].Sparse); // what has no holes is a member as any other
    }

    [Theory]
    [InlineData("S")]
    [InlineData("0.0")]
    [InlineData("0.1")]
    [InlineData("1.0")]
    public void A_sparse_member_that_makes_no_sense_costs_no_other(string form)
    {
        var index = Index(
            SparseMember(form, "a.jpg", 4, (0, "some"), (1000, "more")), SparseMember(form, "b.jpg", 3000, (1000, "some"), (5, "more")), SparseMember(form, "c.bin", 1, (7, "x")),
            Member("z.jpg", "z"));
        Assert.Equal(["z"], Keys(index));
        Assert.Equal(("sparse member", 2L), (Assert.Single(index.Damage).Cause, index.Damage[0].Count));
    }

    [Fact]
    public void Devices_and_unknown_kinds_are_counted_where_they_look_like_a_part_of_a_sample()
    {
        var index = Index(Header("dev", 0, '3'), Header("pipe.jpg", 0, '6'), Member("odd.jpg", "x", 'Z'), Member("volume", "", 'V'), Header("dir.jpg", 0, '5'), Member("z.jpg", "z"));
        Assert.Equal(["z"], Keys(index));
        Assert.Equal(("no file", 2L), (Assert.Single(index.Damage).Cause, index.Damage[0].Count));
    }

    [Fact]
    public void A_shard_that_changed_is_told_and_never_gives_wrong_keys()
    {
        var index = Index(Member("a.jpg", "1"), Member("b.jpg", "2"));
        Write([.. Member("b.jpg", "22"), .. Member("a.jpg", "1")]);
        Assert.Throws<IOException>(() => ShardReader.ReadKeys(index.Shards[0]));
        Assert.Contains("'byte 1536' in ", index.Describe(1), StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_left_out_of_many_shards_is_said_in_a_few_lines_and_not_allowed_everywhere()
    {
        for (var shard = 0; shard < 5; shard++)
        {
            _shards.Write($"{shard}.tar", ("a.jpg", "i"), ("a.seg.png", "m"), ("b.txt", "t"), ("c.txt", "t"));
        }

        var said = new List<string>();
        Assert.Equal(5, ImageSources.Open(_shards.Folder, new SourceOptions { AllowMissing = true, Say = said.Add }).Count);
        Assert.Equal(4, said.Count);
        Assert.Equal("Damaged: 3 more shards are like these (no image: 10 in all).", said[2]);
        Assert.Equal("Passed over: 5 members that no sample uses (.seg.png 5).", said[3]);
        var refused = Assert.Throws<EvaluationDataException>(() => ImageSources.Open(_shards.Folder));
        Assert.Contains("2 key(s) without an image", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_no_sample_uses_is_no_fault_and_says_why_there_is_none()
    {
        var said = new List<string>();
        Assert.Equal(1, ImageSources.Open(Write(Member("a.jpg", "i"), Member("a.seg.png", "m")), new SourceOptions { Say = said.Add }).Count);
        Assert.Single(said);
        var error = Assert.Throws<ConfigException>(() => Index(Member("a.tif", "i"), Member("b.tif", "i")));
        Assert.Contains(".tif 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_compressed_shard_says_so()
    {
        File.WriteAllBytes(_shards.Path("a.tar"), [0x1F, 0x8B, .. new byte[2000]]);
        Assert.Contains("compressed with gzip", Assert.Single(ShardReader.Read(_shards.Path("a.tar")).Damage).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Mutated_archives_never_throw_hang_or_read_beyond_the_file()
    {
        byte[] whole =
        [
            .. Pax('g', ("comment", "c")), .. Pax('x', ("path", "p.jpg"), ("SCHILY.xattr.x", "a\nb"), ("size", "5")), .. Member("q", "image"),
            .. Member("././@LongLink", "l.jpg\0", 'L'), .. Member("q", "image"), .. Header("h.jpg", 0, '1', "p.jpg"), .. Header("s.jpg", 0, '2', "h.jpg"),
            .. SparseMember("S", "s1.jpg", 3000, (5, "some"), (1000, "more")), .. SparseMember("0.0", "s2.jpg", 3000, (5, "some"), (1000, "more")),
            .. SparseMember("0.1", "s3.jpg", 3000, (5, "some"), (1000, "more")), .. SparseMember("1.0", "s4.jpg", 3000, (5, "some"), (1000, "more")), .. End,
        ];
        var random = new Random(7);
        var indexed = 0;
        for (var trial = 0; trial < 1500; trial++)
        {
            var bytes = (byte[])whole.Clone();
            for (var change = 0; change < 1 + (trial % 3); change++)
            {
                var block = random.Next(bytes.Length / 512) * 512;
                var at = block + (random.Next(2) == 0 ? 124 + random.Next(40) : random.Next(512));
                bytes[at] = (trial % 3) switch { 0 => (byte)random.Next(256), 1 => (byte)('0' + random.Next(10)), _ => (byte)"\0 LKxgSV127="[random.Next(12)] };
                Repair(bytes.AsSpan(block, 512)); // or the checksum would refuse nearly all
            }

            bytes = trial % 5 == 0 ? bytes[..random.Next(bytes.Length)] : bytes;
            File.WriteAllBytes(_shards.Path("m.tar"), bytes);
            var shard = ShardReader.Read(_shards.Path("m.tar"));
            indexed += shard.Count;
            Assert.Equal(shard.Count, ShardReader.ReadKeys(shard).Length);
            foreach (var sample in shard.Samples)
            {
                var stored = shard.Sparse.TryGetValue(sample.Image.Offset, out var map) ? map.Pieces.Sum(piece => piece.Length) : sample.Image.Length;
                Assert.InRange(sample.Image.Offset + stored, 512, bytes.Length);
            }
        }

        Assert.True(indexed > 1500, $"{indexed} samples are left");
    }

    private static void Repair(Span<byte> block)
    {
        if (block[257] == 'u')
        {
            block.Slice(148, 8).Fill((byte)' ');
            var sum = 0;
            foreach (var value in block)
            {
                sum += value;
            }

            Encoding.Latin1.GetBytes(Octal(sum, 6) + "\0 ").CopyTo(block[148..]);
        }
    }

    /// <summary>A member with holes, as GNU tar writes it in each of its forms.</summary>
    private static byte[] SparseMember(string form, string name, long length, params (long Offset, string Data)[] pieces)
    {
        var data = string.Concat(pieces.Select(piece => piece.Data));
        var numbers = pieces.SelectMany(piece => (long[])[piece.Offset, piece.Data.Length]).Select(number => number.ToString(CultureInfo.InvariantCulture)).ToList();
        var size = length.ToString(CultureInfo.InvariantCulture);
        switch (form)
        {
            case "S":
                return Member(name, data, 'S', change: header =>
                {
                    Put(header, 257, "ustar  \0");
                    foreach (var (index, piece) in pieces.Index())
                    {
                        Put(header, 386 + (24 * index), Octal(piece.Offset, 11) + "\0" + Octal(piece.Data.Length, 11) + "\0");
                    }

                    Put(header, 483, Octal(length, 11));
                });
            case "0.0":
                var records = pieces.SelectMany((piece, i) => new[] { ("GNU.sparse.offset", numbers[2 * i]), ("GNU.sparse.numbytes", numbers[(2 * i) + 1]) });
                return [.. Pax('x', [("GNU.sparse.size", size), .. records]), .. Member(name, data)];
            case "0.1":
                return [.. Pax('x', ("GNU.sparse.size", size), ("GNU.sparse.name", name), ("GNU.sparse.map", string.Join(',', numbers))), .. Member("GNUSparseFile.1/x", data)];
            default:
                var lines = string.Concat(numbers.Prepend(pieces.Length.ToString(CultureInfo.InvariantCulture)).Select(number => number + "\n"));
                return
                [
                    .. Pax('x', ("GNU.sparse.major", "1"), ("GNU.sparse.minor", "0"), ("GNU.sparse.name", name), ("GNU.sparse.realsize", size)),
                    .. Member("GNUSparseFile.1/x", lines.PadRight(512, '\0') + data),
                ];
        }
    }

    private static string[] Keys(DataSetIndex index) => ShardReader.ReadKeys(index.Shards[0]);

    private static string[] Images(DataSetIndex index)
    {
        using var reader = new ShardImages(index).Open();
        return [.. Enumerable.Range(0, (int)index.Count).Select(image =>
        {
            using var bytes = reader.Read(image);
            return Encoding.Latin1.GetString(bytes.Span);
        })];
    }

    private DataSetIndex Index(params byte[][] members) => DataSetIndex.Open([Write(members)]);

    private string Write(params byte[][] members)
    {
        File.WriteAllBytes(_shards.Path("a.tar"), [.. members.SelectMany(member => member), .. End]);
        return _shards.Path("a.tar");
    }
}
