using System.Text.Json;
using Flip.Ingest.Formats;
using Flip.Ingest.Packing;
using Flip.Ingest.Selection;

namespace Flip.Tests.Ingest.Packing;

public sealed class SelectedSamplesTests : IDisposable
{
    private const string Uid = "0123456789abcdef0123456789abcdef";

    private readonly TemporaryFolder _folder = new();
    private readonly List<string> _said = [];

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("00000/000000001", "{}", true)] // with its shard's name
    [InlineData("00007/000000002", "{}", true)] // and without
    [InlineData("00000/000000002", "{}", true)]
    [InlineData("0", """{"key": "000000002"}""", true)]
    [InlineData("0", """{"key": 2}""", false)]
    [InlineData("0", """{"source_key": "000000002"}""", false)]
    [InlineData("000000001", "{}", false)]
    [InlineData("00000/00000000", "{}", false)]
    public void Keys_are_compared_as_the_source_and_its_json_have_them(string key, string fields, bool isKept) =>
        Assert.Equal(isKept ? null : "not selected", Drop("key\n00000/000000001\n000000002\n", key, fields)?.Cause);

    [Theory]
    [InlineData("0", """{"uid": "0123456789abcdef0123456789abcdef"}""", true)]
    [InlineData("0", """{"uid": "0123456789ABCDEF0123456789ABCDEF"}""", true)]
    [InlineData("0123456789abcdef0123456789abcdef", "{}", true)] // a table's row is called by its uid
    [InlineData("0", """{"uid": "0123456789abcdef0123456789abcdee"}""", false)]
    [InlineData("0", """{"key": "0123456789abcdef0123456789abcdef"}""", false)]
    public void Uids_are_compared_as_numbers(string key, string fields, bool isKept)
    {
        Assert.Equal(isKept ? null : "not selected", Drop($"key,uid\nx,{Uid}\n", key, fields)?.Cause);
        UidFile.Write(_folder.File("a.npy"), [UidFile.TryParse(Uid, out var uid) ? uid : default]);
        Assert.Equal(isKept ? null : "not selected", SelectedSamples.Drop(SampleSelection.Open(_folder.File("a.npy")), Pair(key, fields))?.Cause);
    }

    [Fact]
    public void A_sample_that_cannot_be_read_so_that_its_uid_is_not_known_is_left_out_for_that()
    {
        var problem = new BadSource("damaged", "it is cut");
        var selection = Selection($"uid\n{Uid}\n");
        Assert.Same(problem, SelectedSamples.Drop(selection, Pair("00000/1", "{}") with { Problem = problem }));
        Assert.Null(SelectedSamples.Drop(selection, Pair("1", $$"""{"uid": "{{Uid}}"}""") with { Problem = problem })); // selected, and left out later
        Assert.Equal("it has no uid", SelectedSamples.Drop(selection, Pair("00000/1", "{}"))!.Message);
    }

    [Fact]
    public void Rows_that_name_no_sample_are_said_and_a_table_without_names_is_refused()
    {
        Assert.Equal(1, Selection($"uid,n\n{Uid},1\nx,2\n{Uid},3\n").Count);
        Assert.Contains("1 rows of", Assert.Single(_said), StringComparison.Ordinal);
        Assert.Contains("line 3: 'x' is no uid", _said[0], StringComparison.Ordinal);
        Assert.Contains("uid, key, source_key. Columns: url, n.", Assert.Throws<ConfigException>(() => Selection("url,n\n1,2\n")).Message, StringComparison.Ordinal);
    }

    private static SourcePair Pair(string key, string fields) =>
        new() { Key = key, Fields = JsonDocument.Parse(fields).RootElement.EnumerateObject().ToDictionary(field => field.Name, field => field.Value) };

    private BadSource? Drop(string table, string key, string fields) => SelectedSamples.Drop(Selection(table), Pair(key, fields));

    private SampleSelection Selection(string table)
    {
        File.WriteAllText(_folder.File("names.csv"), table);
        return SampleSelection.Open(_folder.File("names.csv"), new Flip.Data.SourceOptions { Say = _said.Add }, TestContext.Current.CancellationToken);
    }
}
