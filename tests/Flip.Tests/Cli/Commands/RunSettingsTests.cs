using System.Text.Json;
using Flip.Data.Scenes;
using Flip.Storage;
using Flip.Training;

namespace Flip.Tests.Cli.Commands;

/// <summary>What a run keeps of the machine it began on, and what its model does.</summary>
[Collection(Alone.Name)]
public sealed class RunSettingsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void The_number_format_that_auto_came_to_is_part_of_a_run_and_its_device_is_not()
    {
        var data = SceneDataset.Write(_folder.File("scenes"), 60, 30, seed: 1, imageSize: 64).Train;
        var run = _folder.File("run");
        Train("--preset", "tiny", "--data", data, "--batch-size", "16", "--samples", "2 steps", "--run", run, "-s", "model.image.depth=1", "-s", "model.text.depth=1");
        var config = File.ReadAllText(Path.Combine(run, "config.json"));
        var chosen = Flip.Native.Bf16Support.OnProcessor ? "bf16" : "fp32";
        Assert.Equal((chosen, "auto"), Kept(config));

        // A model says nothing of where it was made.
        var model = File.ReadAllText(Path.Combine(run, "model", "config.json"));
        Assert.DoesNotContain(_folder.Path, model, StringComparison.Ordinal);
        Assert.Equal(("auto", "auto"), Kept(model));

        // Begun on a GPU elsewhere, in the other format: the format stays, the device does not.
        var other = chosen == "bf16" ? "fp32" : "bf16";
        File.WriteAllText(
            Path.Combine(run, "config.json"),
            config.Replace("\"device\": \"auto\"", "\"device\": \"cuda:1\"", StringComparison.Ordinal).Replace($"\"{chosen}\"", $"\"{other}\"", StringComparison.Ordinal));
        Assert.Equal(("auto", 0.5), (ModelFolder.LoadConfig(run).Train.Device, ModelFolder.LoadConfig(run).Model.Image.MaskRatio));
        var messages = Train("--resume", run, "--samples", "3 steps");
        Assert.Contains("train.device = cuda:1 of the run is not on this machine; it goes on with auto, in micro-batches of that device.", messages, StringComparison.Ordinal);
        Assert.Equal((other, "auto"), Kept(File.ReadAllText(Path.Combine(run, "config.json"))));
        CommandRun.AssertFails(["train", "--resume", run, "--device", "cuda:3"], "train.device = cuda:3", "sees the processor alone");
        CommandRun.AssertFails(["train", "--resume", run, "-s", "train.precision=auto"], "train.precision=auto: a resumed run keeps this setting");
    }

    [Fact]
    public void A_micro_batch_that_no_memory_holds_is_refused_before_anything_is_written()
    {
        var data = SceneDataset.Write(_folder.File("scenes"), 60, 30, seed: 1, imageSize: 64).Train;
        CommandRun.AssertFails(
            ["train", "--preset", "flip-l16", "--data", data, "--batch-size", "65536", "-s", "train.microBatch=65536", "--run", _folder.File("run")],
            "train.microBatch = 65536",
            "is the same step in parts");
        Assert.Empty(Directory.GetFileSystemEntries(_folder.File("run")));
    }

    private static (string?, string?) Kept(string config)
    {
        var train = JsonDocument.Parse(config).RootElement.GetProperty("train");
        return (train.GetProperty("precision").GetString(), train.GetProperty("device").GetString());
    }

    private static string Train(params string[] args)
    {
        var (code, _, error) = CommandRun.Run(["train", .. args, "--json"]);
        Assert.True(code == 0, error);
        return error;
    }
}
