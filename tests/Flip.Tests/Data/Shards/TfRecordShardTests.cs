using System.Text;
using Flip.Data;
using Flip.Data.Loading;
using Flip.Data.Shards;
using Flip.Tests.Data.TfRecords;

namespace Flip.Tests.Data.Shards;

public sealed class TfRecordShardTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a.tfrecord", true)]
    [InlineData("a/train.tfrecord-00003-of-00010", true)]
    [InlineData("a.TFREC", true)]
    [InlineData("a.tfrecords", true)]
    [InlineData("a.tfrecord.gz", false)]
    [InlineData("a.tfrecords-of-me/b.txt", false)]
    [InlineData("a.tar", false)]
    public void A_file_is_known_by_its_name(string name, bool isOne) => Assert.Equal(isOne, TfRecordShard.Is(name));

    [Fact]
    public void A_training_reads_pairs_out_of_records()
    {
        var path = Write("train.tfrecord-00000-of-00001", [.. Enumerable.Range(0, 20).Select(i => Pair(i))]);
        var index = DataSetIndex.Open([path]);
        Assert.Empty(index.Damage);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => $"caption {i}"), index.ReadCaptions(new CaptionReader()));
        using var loader = new BatchLoader(index, new CaptionReader(), new CharTokenizer(), new FakeTransform(), new() { TextLength = 12 });
        var batch = loader.Next(20);
        Assert.Equal(Enumerable.Range(0, 20).Select(i => (long)i), batch.Samples.Order());
        for (var row = 0; row < 20; row++)
        {
            Assert.Equal($"image {batch.Samples[row]}", FakeTransform.TextOf(batch.Images, row));
        }

        Assert.Equal("17", ShardReader.FindKey(index.Shards[0], 17));
    }

    [Fact]
    public void What_cannot_be_used_is_told_by_cause()
    {
        var damaged = Pair(1);
        var bytes = TfRecordBytes.File([Pair(0), damaged, TfRecordBytes.Example(("txt", "no image")), TfRecordBytes.Example(("jpg", "image 3"u8.ToArray()), ("txt", new[] { "one", "two" }))]);
        bytes[TfRecordBytes.File([Pair(0)]).Length + 20] ^= 1;
        File.WriteAllBytes(_folder.File("a.tfrecord"), [.. bytes, 1, 2, 3]);
        var index = DataSetIndex.Open([_folder.File("a.tfrecord")]);
        Assert.Equal(2, index.Count);
        Assert.Equal(["cut shard", "damaged record", "further captions", "no image"], index.Damage.Select(found => found.Cause).Order());
        Assert.Equal("one", index.ReadCaptions(new CaptionReader()).Last());
    }

    [Fact]
    public void Another_file_is_told_to_be_none()
    {
        File.WriteAllBytes(_folder.File("a.tfrecord"), Encoding.ASCII.GetBytes(new string('x', 500)));
        var error = Assert.Throws<ConfigException>(() => DataSetIndex.Open([_folder.File("a.tfrecord")]));
        Assert.Contains("no header of a record at byte 0", error.Message, StringComparison.Ordinal);
    }

    private static byte[] Pair(int i) => TfRecordBytes.Pair(Encoding.ASCII.GetBytes($"image {i}"), $"caption {i}", key: i);

    private string Write(string name, byte[][] records)
    {
        File.WriteAllBytes(_folder.File(name), TfRecordBytes.File(records));
        return _folder.File(name);
    }
}
