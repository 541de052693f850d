using System.Text;
using Flip.Data;
using Flip.Data.TfRecords;

namespace Flip.Tests.Data.TfRecords;

public class TfExampleTests
{
    private static readonly byte[] Image = [0xFF, 0xD8, 1, 2, 3];

    [Fact]
    public void Features_are_places_in_the_record()
    {
        var record = TfRecordBytes.Example(("jpg", Image), ("captions", new[] { "a", "", "bb" }), ("numbers", new[] { 1L, -5L, long.MaxValue }), ("score", new[] { 0.5f, -2f }));
        var features = TfExample.Features(record);

        Assert.Equal(["captions", "jpg", "numbers", "score"], features.Keys.Order(StringComparer.Ordinal));
        Assert.Equal(Image, features["jpg"].Bytes(record).Single().Of(record));
        Assert.Equal(["a", "", "bb"], features["captions"].Bytes(record).ConvertAll(place => Encoding.UTF8.GetString(place.Of(record))));
        Assert.Equal(["a"], features["captions"].Bytes(record, most: 1).ConvertAll(place => Encoding.UTF8.GetString(place.Of(record))));
        Assert.Equal([1L, -5L, long.MaxValue], features["numbers"].Integers(record));
        Assert.Equal([1L], features["numbers"].Integers(record, most: 1));
        Assert.Equal([0.5f, -2f], features["score"].Floats(record));
        Assert.Empty(features["score"].Integers(record));
        Assert.Empty(features["jpg"].Floats(record));
    }

    [Fact]
    public void A_pair_of_official_FLIP_is_found()
    {
        var record = TfRecordBytes.Pair(Image, " two dogs\n", key: 17, width: 640, height: 480);
        var pair = TfPair.Of(record);

        Assert.Equal(Image, pair.Image.Of(record));
        Assert.Equal(["two dogs"], pair.Captions(record));
        Assert.Equal("17", pair.Key(record));
        Assert.Null(pair.Class(record));
        Assert.Equal(["height", "width"], pair.Features.Keys.Where(name => !TfPair.IsPart(name)).Order(StringComparer.Ordinal));
    }

    [Theory]
    [InlineData("image/encoded", "image/caption")]
    [InlineData("image", "caption")]
    [InlineData("png", "text")]
    public void Names_of_other_pipelines_are_known(string image, string text)
    {
        var record = TfRecordBytes.Example((text, new[] { "one", "two" }), (image, Image), ("key", "a/b"), ("image/class/label", 3L));
        var pair = TfPair.Of(record);
        Assert.Equal(Image, pair.Image.Of(record));
        Assert.Equal(["one", "two"], pair.Captions(record));
        Assert.Equal(("a/b", "3"), (pair.Key(record), pair.Class(record)));
    }

    [Fact]
    public void What_a_record_lacks_is_said_with_what_it_has()
    {
        Assert.Equal("no image", Cause(TfRecordBytes.Example(("txt", "x")), "its features (txt)"));
        Assert.Equal("no image", Cause([], "its features (none)"));
        Assert.Equal("empty image", Cause(TfRecordBytes.Example(("jpg", Array.Empty<byte>())), "0 bytes"));
        Assert.Empty(TfPair.Of(TfRecordBytes.Example(("jpg", Image), ("txt", " "))).Captions(TfRecordBytes.Example(("jpg", Image), ("txt", " "))));
        var record = TfRecordBytes.Example(("jpg", Image), ("txt", new byte[] { 0xE9, 0x20 }));
        Assert.Equal("caption encoding", Assert.Throws<BadSampleException>(() => TfPair.Of(record).Captions(record)).Cause);
    }

    /// <summary>Any change of any byte is an error that is said, or another example; never another exception, never a place outside.</summary>
    [Fact]
    public void A_damaged_record_is_a_bad_sample()
    {
        var record = TfRecordBytes.Example(("jpg", Image), ("txt", "caption"), ("key", 5L), ("score", new[] { 1f }));
        var bad = 0;
        for (var at = 0; at < record.Length; at++)
        {
            foreach (var change in (byte[])[1, 0x80, 0xFF, 0x07])
            {
                var damaged = (byte[])record.Clone();
                damaged[at] ^= change;
                bad += IsBad(damaged) ? 1 : 0;
            }

            bad += IsBad(record[..at]) ? 1 : 0;
        }

        Assert.InRange(bad, record.Length, record.Length * 5);
        Assert.Equal("damaged record", Cause(record[..^1], "longer than what it lies in"));
    }

    private static bool IsBad(byte[] record)
    {
        try
        {
            var pair = TfPair.Of(record);
            _ = pair.Image.Of(record);
            _ = pair.Captions(record);
            _ = pair.Key(record);
            foreach (var feature in pair.Features.Values)
            {
                _ = feature.Integers(record).Count + feature.Floats(record).Count;
            }

            return false;
        }
        catch (Exception e) when (e is BadSampleException or InvalidDataException)
        {
            return true;
        }
    }

    private static string Cause(byte[] record, string message)
    {
        var problem = Assert.Throws<BadSampleException>(() => TfPair.Of(record));
        Assert.Contains(message, problem.Message, StringComparison.Ordinal);
        return problem.Cause;
    }
}
