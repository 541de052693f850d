using System.Diagnostics;
using System.Text.Json.Nodes;
using Flip.Data.Scenes;
using Flip.Tests;
using Flip.Tests.Cli;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.SlowTests.Cli;

/// <summary>Models and runs of strangers may not take the machine: each command runs in a process of its own, with limits.</summary>
[Collection(Alone.Name)]
public sealed class HostileModelTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Threads_workers_devices_and_data_that_a_model_asks_for_are_passed_over()
    {
        TinyModel.Save(_folder.File("model"));
        _folder.Change("model/config.json", root =>
        {
            root["train"]!["threads"] = 1_000_000;
            root["train"]!["device"] = "cuda:9";
            root["data"]!["workers"] = 1_000_000;
            root["data"]!["train"] = "/etc/passwd";
            root["eval"]!["batchSize"] = 1_000_000_000;
            root["eval"]!["on"] = new JsonArray("x=/etc/passwd");
        });
        File.WriteAllText(_folder.File("texts.txt"), "a dog\na cat\n");
        var (code, _, error) = BoundedCommand.Run(
            ["embed", _folder.File("model"), "--texts", _folder.File("texts.txt"), "--out", _folder.File("x.safetensors")], megabytes: 1000);
        Assert.True(code == 0, error);
        AssertFails(["eval", _folder.File("model")], "--on");
        AssertFails(["tune", _folder.File("model"), "--samples", "2 steps", "--run", _folder.File("tuned")], "There is no training data");
    }

    [Fact]
    public void A_model_that_describes_more_than_its_file_holds_is_refused_at_once()
    {
        TinyModel.Save(_folder.File("model"));
        _folder.Change("model/config.json", root =>
        {
            root["model"]!["image"]!["depth"] = 700;
            root["model"]!["image"]!["width"] = 2048;
        });
        File.WriteAllText(_folder.File("texts.txt"), "a dog\n");
        var clock = Stopwatch.StartNew();
        BoundedCommand.AssertFails(
            ["embed", _folder.File("model"), "--texts", _folder.File("texts.txt"), "--out", _folder.File("x.safetensors")], "does not fit the model");
        Assert.Equal(0, BoundedCommand.Run(["inspect", _folder.File("model")], megabytes: 1000, seconds: 20).Code);
        _folder.Change("model/config.json", root => root["model"]!["image"]!["depth"] = 2_000_000);
        AssertFails(["inspect", _folder.File("model")], "config.json: model.image.depth = 2000000: must be a whole number, from 1 to 1000");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 20);
    }

    [Fact]
    public void A_run_that_is_resumed_is_held_to_what_the_machine_has()
    {
        Assert.SkipWhen(Environment.ProcessorCount > 128, "a thousand threads are not many here");
        var data = SceneDataset.Write(_folder.File("data"), 64, 16, 1, cancellation: TestContext.Current.CancellationToken);
        var run = _folder.File("run");
        Assert.Equal(0, Run([
            "train", "--preset", "tiny", "-s", "model.image.depth=1", "-s", "model.text.depth=1", "--data", data.Train, "--batch-size", "8", "--samples", "2 steps",
            "-s", "train.checkpointEvery=1 steps", "-s", "data.learnedVocabularySize=300", "--run", run, "--json"]).Code);
        _folder.Change("run/config.json", root =>
        {
            root["train"]!["threads"] = 1000;
            root["data"]!["workers"] = 1000;
            root["data"]!["batchMemory"] = 4_000_000;
            root["train"]!["samples"] = "3 steps";
        });
        var (code, output, error) = BoundedCommand.Run(["train", "--resume", run]);
        Assert.True(code == 0, error);
        error += output;
        Assert.Contains("train.threads = 1000 of the run is more than this machine takes; it goes on with ", error, StringComparison.Ordinal);
        Assert.Contains("data.workers = 1000 of the run", error, StringComparison.Ordinal);

        _folder.Change("run/config.json", root => root["train"]!["threads"] = 1_000_000);
        AssertFails(["train", "--resume", run], "config.json", "train.threads = 1000000: must be a whole number, from 0 to 1024");
    }

    [Fact]
    public void Every_number_on_the_command_line_has_a_largest_value()
    {
        TinyModel.Save(_folder.File("model"));
        var model = _folder.File("model");
        File.WriteAllBytes(_folder.File("a.png"), []);
        var tried = new Dictionary<string, string[]>
        {
            ["rank --top"] = ["rank", model, "--images", _folder.File("a.png"), "--texts", "x"],
            ["eval --samples"] = ["eval", model, "--on", _folder.Path],
            ["compare --samples"] = ["compare", "a", "b"],
            ["bench --steps"] = ["bench", "--preset", "tiny"],
            ["bench comm --largest"] = ["bench", "comm"],
            ["data inspect --samples"] = ["data", "inspect", _folder.Path],
            ["data inspect --cache-size"] = ["data", "inspect", _folder.Path],
            ["data index --cache-size"] = ["data", "index", _folder.Path],
            ["data score --rows-per-table"] = ["data", "score", model, _folder.Path, "--out", _folder.File("scores")],
            ["doctor --mask"] = ["doctor"],
            ["caption run --top"] = ["caption", "run", model, _folder.File("a.png")],
            ["vqa run --top"] = ["vqa", "run", model, _folder.File("a.png")],
            ["launch -n"] = ["launch", "train"],
            ["launch --min-ranks"] = ["launch", "-n", "2", "train"],
            ["launch --max-restarts"] = ["launch", "-n", "2", "train"],
            ["quickstart --samples"] = ["quickstart", "--run", _folder.File("q")],
            ["embed --mask-ratio"] = ["embed", model, "--images", _folder.File("a.png"), "--out", _folder.File("x.safetensors"), "--mask", "Masked"],
            ["eval --mask-ratio"] = ["eval", model, "--on", _folder.Path, "--mask", "Masked"],
            ["rank --mask-ratio"] = ["rank", model, "--images", _folder.File("a.png"), "--texts", "x", "--mask", "Masked"],
            ["probe --mask-ratio"] = ["probe", model, "--train", _folder.Path, "--test", _folder.Path, "--mask", "Masked"],
        };
        foreach (var option in (string[])["--connectivity", "--expansion-add", "--expansion-search", "--mask-ratio"])
        {
            tried[$"index {option}"] = ["index", model, _folder.File("a.png"), "--out", _folder.File("i"), .. option == "--mask-ratio" ? (string[])["--mask", "Masked"] : []];
        }

        foreach (var option in (string[])["--top", "--samples"])
        {
            tried[$"search {option}"] = ["search", _folder.File("i"), "x"];
        }

        foreach (var option in (string[])["--lambda", "--seeds", "--k", "--views", "--lars-epochs", "--lars-batch", "--lars-rate"])
        {
            tried[$"probe {option}"] = ["probe", model, "--train", _folder.Path, "--test", _folder.Path];
        }

        foreach (var option in (string[])["--rows-per-shard", "--concurrency", "--per-host", "--timeout", "--max-bytes", "--retries", "--threads", "--size", "--quality", "--min-side", "--max-aspect-ratio"])
        {
            tried[$"data download {option}"] = ["data", "download", _folder.File("list.csv"), "--out", _folder.File("shards")];
        }

        foreach (var option in (string[])["--parts-at", "--per-host", "--bucket", "--weight-bytes", "--gradient-bytes", "--pairs-per-second", "--intra", "--inter"])
        {
            tried[$"bench scaling {option}"] = ["bench", "scaling"];
        }

        foreach (var option in (string[])["--shards", "--shard-mb", "--shard-samples", "--rate", "--bandwidth", "--cache-size", "--latency", "--ranks", "--batch-size", "--epochs"])
        {
            tried[$"data simulate {option}"] = ["data", "simulate"];
        }

        foreach (var option in (string[])["--samples-per-shard", "--size", "--quality", "--min-side", "--max-aspect-ratio", "--min-caption", "--max-caption", "--threads", "--alike"])
        {
            tried[$"data pack {option}"] = ["data", "pack", _folder.Path, "--out", _folder.File("packed")];
        }

        foreach (var option in (string[])["--train", "--test", "--size"])
        {
            tried[$"data scenes {option}"] = ["data", "scenes", "--out", _folder.File("scenes")];
        }

        foreach (var option in (string[])["--limit", "--sample"])
        {
            tried[$"data select {option}"] = ["data", "select", _folder.Path, "--count"];
        }

        foreach (var option in (string[])["--seeds", "--max-hours", "--device-tflops", "--utilization", "--price"])
        {
            tried[$"study {option}"] = ["study", "mask-ratio", "--dry-run", "--data", _folder.Path];
        }

        foreach (var option in (string[])["--batch", "--dim", "--chunk", "--steps"])
        {
            tried[$"bench loss {option}"] = ["bench", "loss"];
        }

        foreach (var option in (string[])["--port", "--batch-wait", "--queue", "--drain", "--timeout", "--max-body", "--max-pixels", "--max-images", "--max-texts", "--max-text-length", "--max-connections"])
        {
            tried[$"serve {option}"] = ["serve", model];
        }

        var all = Flip.Cli.FlipCommand.Root().Subcommands.SelectMany(command => Numbers(command.Name, command));
        Assert.Equal(tried.Keys.Append("quickstart --seed").Append("data scenes --seed").Append("data select --seed").Order(), all.Order()); // every seed is a seed
        foreach (var (name, command) in tried)
        {
            var option = name.Split(' ')[^1];
            AssertFails([.. command, option, option is "--lambda" or "--lars-rate" or "--pairs-per-second" or "--intra" or "--inter" ? "1e300" : "2147483647"], option);
        }
    }

    private static IEnumerable<string> Numbers(string name, System.CommandLine.Command command) => command.Options
        .Where(option => Type.GetTypeCode(Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType) is >= TypeCode.SByte and <= TypeCode.Decimal)
        .Where(option => !(Nullable.GetUnderlyingType(option.ValueType) ?? option.ValueType).IsEnum)
        .Select(option => $"{name} {option.Name}")
        .Concat(command.Subcommands.SelectMany(sub => Numbers($"{name} {sub.Name}", sub)));

    [Fact]
    public void A_command_that_is_told_to_end_ends()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "signals");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "flip"), ["bench", "--preset", "tiny", "--steps", "1000000"])
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
        };
        using var command = Process.Start(start)!;
        Assert.False(command.WaitForExit(TimeSpan.FromSeconds(2)));
        Process.Start("kill", ["-TERM", $"{command.Id}"])!.WaitForExit();
        if (!command.WaitForExit(TimeSpan.FromSeconds(30)))
        {
            command.Kill();
            Assert.Fail("it goes on");
        }
    }
}
