using System.Text.Json;
using Flip.Ingest.Formats;
using Flip.Tests.Data.Images;
using SkiaSharp;

namespace Flip.Tests.Cli.Commands.Data;

[Collection(Alone.Name)]
public sealed class DataSelectCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Shards_keep_exactly_the_samples_that_a_selection_of_their_list_names()
    {
        var list = Write(30);
        Ok("data", "pack", list, "--out", _folder.File("all"), "--samples-per-shard", "7");
        var expected = Enumerable.Range(0, 30).Where(i => i % 4 != 0 && i > 5).Select(i => $"caption {i}").ToList();
        Ok("data", "select", list, "--where", "n % 4 <> 0 and n > 5", "--out", _folder.File("some.npy"));
        Ok("data", "select", list, "--where", "n % 4 <> 0 and n > 5", "--out", _folder.File("some.parquet"));

        // Of the list itself, and of shards that were made of it: by uids, and by a table.
        foreach (var (name, source, selection) in ((string, string, string)[])[("a", list, "some.npy"), ("b", _folder.File("all"), "some.npy"), ("c", _folder.File("all"), "some.parquet")])
        {
            var state = JsonDocument.Parse(Ok("data", "pack", source, "--select", _folder.File(selection), "--out", _folder.File(name), "--json")).RootElement;
            Assert.Equal((30, expected.Count, 0), (state.GetProperty("entries").GetInt32(), state.GetProperty("samples").GetInt32(), state.GetProperty("notFound").GetInt32()));
            Assert.Equal(30 - expected.Count, state.GetProperty("dropped").GetProperty("not selected").GetInt32());
            Assert.Equal(expected, PairReaders.Open(_folder.File(name), cancellation: TestContext.Current.CancellationToken).Read().Select(pair => pair.Captions.Single()));
        }

        CommandRun.AssertFails(["data", "pack", list, "--out", _folder.File("a")], "was begun with other settings", "select (");
    }

    [Fact]
    public void What_a_selection_names_and_the_source_has_not_is_counted()
    {
        var list = Write(6);
        File.WriteAllText(_folder.File("keys.csv"), "source_key\n" + string.Join('\n', ["2.png", "5.png", "7.png", "8.png"]));
        Ok("data", "pack", list, "--out", _folder.File("all"));
        var output = Ok("data", "pack", _folder.File("all"), "--select", _folder.File("keys.csv"), "--out", _folder.File("some"));
        Assert.Contains("6 entries: 2 samples", output, StringComparison.Ordinal);
        Assert.Contains("| not selected | 4 |", output, StringComparison.Ordinal);
        Assert.Contains("Samples of the selection that the source has not: 2.", output, StringComparison.Ordinal);
    }

    [Fact]
    public void Rows_are_counted_and_those_without_a_value_told()
    {
        File.WriteAllText(_folder.File("list.csv"), "key,x\na,1\nb,\nc,3\nd,4\n");
        var output = Ok("data", "select", _folder.File("list.csv"), "--where", "x > 1", "--count", "--limit", "1");
        Assert.Contains("4 rows: 2 selected (50 %)", output, StringComparison.Ordinal);
        Assert.Contains("Without a value in x: 1 (25 %); a comparison with no value selects nothing.", output, StringComparison.Ordinal);
        Assert.Contains("1 would be written.", output, StringComparison.Ordinal);
        var json = JsonDocument.Parse(Ok("data", "select", _folder.File("list.csv"), "--where", "x > 1", "--out", _folder.File("out.csv"), "--json")).RootElement;
        Assert.Equal((4, 2, 2, 1), (json.GetProperty("rows").GetInt32(), json.GetProperty("selected").GetInt32(), json.GetProperty("written").GetInt32(), json.GetProperty("withoutValue").GetProperty("x").GetInt32()));
        Assert.Equal("key,x\nc,3\nd,4\n", File.ReadAllText(_folder.File("out.csv")));
    }

    [Fact]
    public void What_is_asked_wrongly_is_told()
    {
        File.WriteAllText(_folder.File("list.csv"), "key,x\na,1\n");
        string[] select = ["data", "select", _folder.File("list.csv")];
        CommandRun.AssertFails(select, "--out is missing");
        CommandRun.AssertFails([.. select, "--count", "--limit", "0", "--sample", "-1", "--seed", "-2"], "--limit 0", "--sample -1", "--seed -2");
        CommandRun.AssertFails([.. select, "--where", "x > 1", "--out", _folder.File("out.csv")], "None of the 1 rows is selected; nothing was written");
        CommandRun.AssertFails([.. select, "--where", "y > 1", "--count"], "Referenced column \"y\" not found", "Columns: key, x.");
        Assert.False(File.Exists(_folder.File("out.csv")));
    }

    private static string Uid(int i) => $"{i * 31:x16}{i:x16}";

    /// <summary>A list of images with uids.</summary>
    private string Write(int count)
    {
        for (var i = 0; i < count; i++)
        {
            File.WriteAllBytes(_folder.File($"{i}.png"), TestImages.Encode(8 + i, 8, SKEncodedImageFormat.Png));
        }

        File.WriteAllLines(_folder.File("list.jsonl"), Enumerable.Range(0, count).Select(i => $$"""{"image": "{{i}}.png", "caption": "caption {{i}}", "uid": "{{Uid(i)}}", "n": {{i}}}"""));
        return _folder.File("list.jsonl");
    }

    private static string Ok(params string[] args)
    {
        var (code, output, error) = CommandRun.Run(args);
        Assert.True(code == 0, error);
        return output;
    }
}
