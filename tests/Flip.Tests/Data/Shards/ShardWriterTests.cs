using Flip.Data.Shards;
using Flip.Io;

namespace Flip.Tests.Data.Shards;

public sealed class ShardWriterTests
{
    private static readonly (string, ReadOnlyMemory<byte>)[] Pair = [("jpg", new byte[] { 1, 2, 3 }), ("txt", "a dog"u8.ToArray())];

    [Fact]
    public void What_is_written_is_read()
    {
        using var folder = new TemporaryFolder();
        var path = folder.File("a.tar");
        var digest = ShardWriter.Write(path, shard =>
        {
            shard.Add("000000", Pair);
            shard.Add(new string('k', 150), Pair); // longer than a plain header has room for
            shard.Add("hund-ü", Pair);
            Assert.Equal(3, shard.Count);
        });
        Assert.Equal(FileDigest.Of(path), digest);
        var index = ShardReader.Read(path);
        Assert.Empty(index.Damage);
        Assert.Equal(["000000", new string('k', 150), "hund-ü"], ShardReader.ReadKeys(index));
    }

    [Fact]
    public void Equal_samples_give_equal_bytes()
    {
        using var folder = new TemporaryFolder();
        var first = ShardWriter.Write(folder.File("a.tar"), shard => shard.Add("ü", Pair));
        Assert.Equal(first, ShardWriter.Write(folder.File("b.tar"), shard => shard.Add("ü", Pair)));
    }

    [Theory]
    [InlineData("a.b")]
    [InlineData("a/")]
    [InlineData("")]
    public void What_would_be_read_as_another_key_is_refused(string key)
    {
        using var shard = new ShardWriter(new MemoryStream());
        Assert.ThrowsAny<ArgumentException>(() => shard.Add(key, Pair));
    }

    [Fact]
    public void Nothing_is_left_of_a_shard_that_is_not_finished()
    {
        using var folder = new TemporaryFolder();
        Assert.Throws<IOException>(() => ShardWriter.Write(folder.File("a.tar"), _ => throw new IOException("no room")));
        Assert.Empty(Directory.EnumerateFileSystemEntries(folder.Path));
    }
}
