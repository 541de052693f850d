using System.Text.Json.Nodes;
using Flip.Tests.Data.Images;
using SkiaSharp;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands.Data;

[Collection(Alone.Name)]
public sealed class DataScoreCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public DataScoreCommandTests()
    {
        TinyModel.Save(_folder.File("model"));
        Directory.CreateDirectory(_folder.File("images"));
        for (var i = 0; i < 7; i++)
        {
            File.WriteAllBytes(_folder.File($"images/{i}.png"), i == 5 ? [1, 2] : TestImages.Encode(i == 6 ? 20 : 20 + i, 20, SKEncodedImageFormat.Png));
            File.WriteAllText(_folder.File($"images/{i}.txt"), i % 2 == 0 ? "a red dog" : "the green car");
        }
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Pairs_of_a_folder_are_scored_and_thresholds_are_told()
    {
        var (code, output, error) = Run(["data", "score", _folder.File("model"), _folder.File("images"), "--out", _folder.File("scores"), "--json"]);
        Assert.True(code == 0, error);
        var summary = JsonNode.Parse(output)!;
        Assert.Equal((7, 6, 1), (summary["rows"]!.GetValue<int>(), summary["scored"]!.GetValue<int>(), summary["tables"]!.GetValue<int>()));
        var text = Run(["data", "score", _folder.File("model"), _folder.File("images"), "--out", _folder.File("scores")]).Output;
        Assert.StartsWith("7 pairs in 1 tables", text, StringComparison.Ordinal);
        Assert.Contains("| 30 % | ", text, StringComparison.Ordinal);
        AssertFails(["data", "score", _folder.File("model"), _folder.File("images"), "--out", _folder.File("scores"), "--rows-per-table", "3"], "rows per table was '10000' and is '3'");
    }

    [Fact]
    public void A_packing_leaves_out_what_a_model_takes_for_the_same()
    {
        string[] pack = ["data", "pack", _folder.File("images"), "--out", _folder.File("shards"), "--duplicates", "embedding", "--model", _folder.File("model"), "--alike", "1", "--json"];
        var (code, output, error) = Run(pack);
        Assert.True(code == 0, error);
        var state = JsonNode.Parse(output)!;
        Assert.True(state["dropped"]!["duplicate"]!.GetValue<int>() >= 1, output); // the seventh is the first
        AssertFails([.. pack[..^3], "--alike", "0.5"], "alike (1 there, 0.5 now)");
        AssertFails(["data", "pack", _folder.File("images"), "--out", _folder.File("other"), "--duplicates", "embedding"], "--model and --duplicates embedding belong together");
        AssertFails(["data", "pack", _folder.File("images"), "--out", _folder.File("other"), "--language", "en,xx"], "--language xx: not known", "de, el, en");
    }
}
