using Flip.Data;
using Flip.Data.Shards;
using Flip.Io;

namespace Flip.Tests.Data.Shards;

public sealed class ShardIndexFileTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void A_data_set_opened_by_its_index_is_the_one_opened_by_its_headers()
    {
        var paths = _shards.WritePairs(5, 40, 3);
        var scanned = DataSetIndex.Open(paths);
        WriteIndex(paths);
        File.WriteAllBytes(_shards.Path("train-0001.tar"), Zeroed(paths[1])); // headers are not read
        var indexed = DataSetIndex.Open(paths);
        Assert.Equal((48L, 3), (indexed.Count, indexed.Shards.Count));
        Assert.Equal(scanned.Shards[0].Samples, indexed.Shards[0].Samples);
        Assert.Equal(scanned.Shards[2].Samples, indexed.Shards[2].Samples);
        var error = Assert.Throws<IOException>(() => indexed.Find(10));
        Assert.Contains("has changed since it was indexed; run flip data index again", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_was_found_wrong_with_a_shard_is_told_again()
    {
        var path = _shards.Write("a.tar", ("a.jpg", "image"), ("a.txt", "text"), ("b.txt", "no image"), ("a.seg.npz", "other"));
        var scanned = DataSetIndex.Open([path]);
        WriteIndex([path]);
        var indexed = DataSetIndex.Open([path]);
        Assert.Equal(scanned.Damage, indexed.Damage);
        Assert.Equal(scanned.Unused, indexed.Unused);
        Assert.Equal(scanned.Findings, indexed.Findings);
        Assert.NotEmpty(indexed.Findings);
    }

    [Fact]
    public void A_shard_that_has_another_length_is_read_anew_and_that_is_said()
    {
        var paths = _shards.WritePairs(5, 4);
        WriteIndex(paths);
        _shards.WritePairs("train-0001.tar", 5, 90);
        var index = DataSetIndex.Open(paths);
        Assert.Equal(95, index.Count);
        Assert.Contains("1 shards have changed", Assert.Single(index.Findings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_shard_that_the_index_does_not_have_is_read_by_its_headers()
    {
        var paths = _shards.WritePairs(5, 4);
        WriteIndex(paths[..1]);
        Assert.Equal(9, DataSetIndex.Open(paths).Count);
    }

    [Fact]
    public void Pieces_of_sparse_members_are_kept()
    {
        var shard = new ShardIndex("a.tar", SampleTable.Of([new SampleEntry(new Member(1024, 5000), default, default, default)], 512), [], new Dictionary<string, long>(),
            new Dictionary<long, Flip.Data.Tar.SparseMap> { [1024] = new([(0, 10), (4000, 1000)]) });
        ShardIndexFile.Write(_shards.Path(ShardIndexFile.FileName), [(shard, "a.tar", 4096, "00", null)]);
        var read = ShardIndexFile.Open(_shards.Path(ShardIndexFile.FileName)).Shards["a.tar"].SparseMaps();
        Assert.Equal([(0L, 10L), (4000L, 1000L)], Assert.Single(read).Value.Pieces);
    }

    [Fact]
    public void Damage_anywhere_is_an_error_that_names_the_index_or_changes_nothing()
    {
        var paths = _shards.WritePairs(5, 4);
        WriteIndex(paths);
        var file = _shards.Path(ShardIndexFile.FileName);
        var bytes = File.ReadAllBytes(file);
        var (random, errors) = (new Random(5), 0);
        for (var trial = 0; trial < 600; trial++)
        {
            var damaged = trial % 3 == 0 ? bytes[..random.Next(bytes.Length)] : [.. bytes];
            if (damaged.Length > 0)
            {
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
            }

            File.WriteAllBytes(file, damaged);
            try
            {
                var index = DataSetIndex.Open(paths);
                for (var i = 0; i < index.Count; i++)
                {
                    index.Find(i);
                }
            }
            catch (Exception e) when (e is ConfigException or IOException or BadSampleException)
            {
                Assert.Contains(e is BadSampleException ? "samples" : "index", e.Message, StringComparison.Ordinal);
                errors++;
            }
        }

        Assert.InRange(errors, 300, 600);
    }

    private void WriteIndex(string[] paths) => ShardIndexFile.Write(_shards.Path(ShardIndexFile.FileName), paths.Select(path =>
    {
        using var file = ShardReader.Open(path);
        return (ShardReader.Read(path), Path.GetFileName(path), file.Length, ShardEdges.Of(file), (string?)FileDigest.Of(path).Sha256);
    }));

    private static byte[] Zeroed(string path) => new byte[new FileInfo(path).Length];
}
