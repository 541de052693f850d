using System.Text;
using Flip.Data;
using Flip.Data.Shards;
using Flip.Data.Tar;
using Flip.Tests.Data.Tar;

namespace Flip.Tests.Data.Shards;

/// <summary>Samples of a shard whose members ask for more than samples have.</summary>
public sealed class SampleBoundsTests : IDisposable
{
    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void Captions_of_a_sample_are_counted()
    {
        var few = JsonCaptions.Read(Captions(16_384));
        Assert.Equal((16_384, null), (few.Several!.Count, few.Problem));
        var many = JsonCaptions.Read(Captions(250_000));
        Assert.Null(many.Several);
        Assert.Contains("more than 16,384 texts", many.Problem!.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"captions": ["a\u0000", "\ud800", "b"], "caption": "c"}""", "a\0 b")]
    [InlineData("""{"captions": [1e999, "b"]}""", "1e999 b")]
    [InlineData("""{"captions": ["a"], "captions": ["b"]}""", "b")]
    [InlineData("""{"caption": "c", "\ud800": 1, "deep": [[[[[[[[[[]]]]]]]]]]}""", "c")]
    public void What_no_text_is_costs_no_other(string json, string expected)
    {
        var captions = JsonCaptions.Read(Encoding.UTF8.GetBytes(json));
        Assert.Equal(expected, string.Join(' ', captions.Several ?? captions.Single!));
    }

    [Fact]
    public void One_file_of_captions_that_all_samples_link_to_is_not_multiplied()
    {
        using (var tar = File.Create(_shards.Path("a.tar")))
        {
            tar.Write(TarBytes.Member("0.json", Encoding.UTF8.GetString(Captions(100))));
            tar.Write(TarBytes.Member("0.jpg", "x"));
            for (var i = 1; i < 1000; i++)
            {
                tar.Write(TarBytes.Header($"{i}.json", 0, '1', "0.json"));
                tar.Write(TarBytes.Header($"{i}.jpg", 0, '1', "0.jpg"));
            }

            tar.Write(TarBytes.End);
        }

        var index = DataSetIndex.Open(_shards.Path("a.tar"));
        Assert.Equal(1000, SampleReading.ReadCaptions(index, new CaptionReader().Read, CancellationToken.None).Length);
        var error = Assert.Throws<EvaluationDataException>(() => SampleReading.ReadCaptions(index, new CaptionReader().Read, CancellationToken.None, most: 500_000));
        Assert.Contains("500,000 characters", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Records_of_a_pax_header_are_counted()
    {
        var records = new MemoryStream(Encoding.ASCII.GetBytes(string.Concat(Enumerable.Repeat("5 a=\n", (1 << 20) + 1))));
        Assert.Contains("1,048,576", Assert.Throws<InvalidDataException>(() => PaxRecords.Read(records, 0, records.Length)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_member_may_lie_anywhere_in_a_shard_of_any_size()
    {
        var samples = new SampleGrouping("a.tar");
        samples.Add(0, "a.jpg", new TarEntry("a.jpg", (byte)'0', "", 1L << 42, 10, 10));
        var index = samples.ToIndex().Index;
        Assert.Empty(index.Damage);
        Assert.Equal(new Member(1L << 42, 10), Assert.Single(index.Samples).Image);
    }

    private static byte[] Captions(int count) => Encoding.UTF8.GetBytes("{\"captions\": [" + string.Join(',', Enumerable.Repeat("\"a\"", count)) + "]}");
}
