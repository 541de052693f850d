using System.Text.Json.Nodes;
using Flip.Data.Scenes;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class StudyCommandTests : IDisposable
{
    private const string Study = """
        {"title": "Masks", "question": "Which?", "axes": [{"name": "mask", "values": [{"name": "0 %", "settings": ["model.image.maskRatio=0"]}, {"name": "50 %"}]}]}
        """;

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly string[] _study;

    public StudyCommandTests()
    {
        var scenes = SceneDataset.Write(_folder.File("scenes"), 150, 30, seed: 1, imageSize: 64);
        File.WriteAllText(_folder.File("masks.json"), Study);
        _study =
        [
            "study", _folder.File("masks.json"), "--preset", "tiny", "--data", scenes.Train, "--on", $"heldout={scenes.HeldOut}", "--classes", scenes.ClassNames, "--templates", scenes.Templates,
            "-s", "model.image.width=32", "-s", "model.image.depth=1", "-s", "model.text.width=32", "-s", "model.text.depth=1", "-s", "model.embedDim=16",
            "--samples", "4 steps", "--batch-size", "16", "-s", "train.precision=fp32", "-s", "train.threads=1",
        ];
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_study_trains_its_cells_once_and_writes_table_page_and_json()
    {
        string[] command = [.. _study, "--out", _folder.File("studies/masks"), "--json"];
        var (code, output, error) = Run(command);
        Assert.True(code == 0, error);
        var outcome = JsonNode.Parse(output)!;
        Assert.Equal(("heldout/top1", 2, 2), (outcome["score"]!.GetValue<string>(), outcome["planned"]!.GetValue<int>(), outcome["cells"]!.AsArray().Count));
        Assert.True(outcome["rows"]![1]!["relativeTime"]!.GetValue<double>() > 0);
        Assert.Equal(2, Directory.GetDirectories(_folder.File("studies/cells")).Length);
        Assert.All((string[])["study.json", "study.md", "report.html", "times.json"], file => Assert.True(File.Exists(_folder.File($"studies/masks/{file}")), file));
        Assert.Contains("| 50 % | ", File.ReadAllText(_folder.File("studies/masks/study.md")), StringComparison.Ordinal);
        Assert.Contains("Accuracy against cost", File.ReadAllText(_folder.File("studies/masks/report.html")), StringComparison.Ordinal);
        Assert.All((string[])["64 of 64 patches", "32 of 64 patches"], mask => Assert.Contains(mask, File.ReadAllText(_folder.File("studies/masks/report.html")), StringComparison.Ordinal));
        Assert.All(Directory.GetDirectories(_folder.File("studies/cells")), cell => Assert.True(File.Exists(Path.Combine(cell, "report.html"))));

        var again = Run(command);
        Assert.Equal(output, again.Output);
        Assert.DoesNotContain("Timing", again.Error, StringComparison.Ordinal);

        // Configurations and results alone, as another machine may send them, are cells too.
        foreach (var cell in Directory.GetDirectories(_folder.File("studies/cells")))
        {
            Directory.CreateDirectory(_folder.File($"sent/{Path.GetFileName(cell)}"));
            foreach (var file in (string[])["config.json", "results.json"])
            {
                File.Copy(Path.Combine(cell, file), _folder.File($"sent/{Path.GetFileName(cell)}/{file}"));
            }
        }

        var sent = Run([.. command, "--cells", _folder.File("sent")]);
        Assert.True(sent.Code == 0, sent.Error);
        Assert.Equal(output, sent.Output);
    }

    [Fact]
    public void A_dry_run_tells_cost_and_trains_nothing()
    {
        var here = Run([.. _study, "--dry-run", "--seeds", "2", "--json"]);
        Assert.True(here.Code == 0, here.Error);
        var forecast = JsonNode.Parse(here.Output)!;
        Assert.Equal(4, forecast["cells"]!.AsArray().Count);
        Assert.True(forecast["seconds"]!.GetValue<double>() > 0);

        // The paper's grid on a machine that is not here, with data that are not here. 12.8e9 pairs of L/16 on whole images: about 1.4e22 operations.
        var there = Run(["study", "trade-off", "--preset", "flip-l16", "--data", "laion/{00000..41455}.tar", "--dry-run", "--device-tflops", "989", "--utilization", "0.5", "--price", "2"]);
        Assert.True(there.Code == 0, there.Error);
        Assert.Contains("| 0 %, 1, none | 0 | 12,800,032,768 |", there.Output, StringComparison.Ordinal);
        Assert.Contains("GPU hours at 989 TFLOP/s and 50 % of it used", there.Output, StringComparison.Ordinal);
        Assert.False(Directory.Exists("studies"));
    }

    [Fact]
    public void What_is_missing_is_told_before_any_work()
    {
        AssertFails(["study", "masks"], "there is none; the built-in ones are baselines, batch-size");
        AssertFails(["study", "mask-ratio", "--data", _folder.Path, "--out", _folder.File("x"), "--preset", "tiny"], "--on is missing");
        AssertFails(["study", "mask-ratio", "--device-tflops", "100"], "it goes with --dry-run");
    }
}
