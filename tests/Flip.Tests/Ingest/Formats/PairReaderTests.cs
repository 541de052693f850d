using Flip.Ingest.Formats;

namespace Flip.Tests.Ingest.Formats;

/// <summary>What every reader of pairs has to do.</summary>
public sealed class PairReaderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public static TheoryData<string> Formats => [.. PairSources.Formats];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [MemberData(nameof(Formats))]
    public void Every_entry_comes_in_order_with_its_image_and_captions_or_with_its_problem(string format)
    {
        var reader = PairReaders.Open(PairSources.Write(format, _folder));
        var read = reader.Read().ToList();
        Assert.Equal(PairSources.Count, read.Count);
        Assert.True(reader.Count is null or PairSources.Count);
        Assert.Equal(PairSources.Count, read.Select(pair => pair.Key).Distinct().Count());
        foreach (var (i, (pair, wanted)) in read.Zip(PairSources.Pairs).Index())
        {
            var cause = i == PairSources.Missing && PairSources.NamesFiles(format) ? "missing image" : i != PairSources.Empty ? null : format == "Parquet with images" ? "no image" : "empty image";
            Assert.Equal(cause, pair.Problem?.Cause);
            Assert.Null(pair.Url);
            if (cause is null)
            {
                Assert.Equal(wanted.Image, pair.Image.ToArray());
                Assert.Equal(wanted.Captions.Where(text => text != " "), pair.Captions);
            }
            else
            {
                Assert.True(pair.Image.IsEmpty);
                Assert.NotEmpty(pair.Problem!.Message);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Reading_again_gives_the_same_and_reading_from_an_entry_gives_the_rest(string format)
    {
        var reader = PairReaders.Open(PairSources.Write(format, _folder));
        var all = reader.Read().Select(Shown).ToList();
        for (var first = 0; first <= PairSources.Count + 1; first++)
        {
            Assert.Equal(all.Skip(first), reader.Read(first).Select(Shown));
        }
    }

    [Theory]
    [MemberData(nameof(Formats))]
    public void Reading_stops_when_it_is_asked_to(string format)
    {
        var reader = PairReaders.Open(PairSources.Write(format, _folder));
        using var stop = new CancellationTokenSource();
        using var entries = reader.Read(cancellation: stop.Token).GetEnumerator();
        Assert.True(entries.MoveNext());
        stop.Cancel();
        Assert.ThrowsAny<OperationCanceledException>(() =>
        {
            while (entries.MoveNext())
            {
                // One entry may be under way.
            }
        });
    }

    private static string Shown(SourcePair pair) =>
        $"{pair.Key} {Convert.ToHexString(pair.Image.Span)} {string.Join('|', pair.Captions)} {pair.Class} {pair.Problem} {string.Join('|', pair.Fields.Select(field => $"{field.Key}={field.Value}"))}";
}
