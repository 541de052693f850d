using System.Text.Json;
using Flip.Data.Scenes;
using Flip.Storage;
using Flip.Tasks.Captioning;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class CaptionCommandTests : IDisposable
{
    private static readonly string[] Quick =
    [
        "--epochs", "2", "--batch", "8", "-s", "checkpointEvery=4 steps", "-s", "keepCheckpoints=0", "-s", "precision=fp32", "-s", "threads=1", "-s", "baseLearningRate=0.02",
        "-s", "head.width=16", "-s", "head.heads=2", "-s", "head.encoderDepth=1", "-s", "head.decoderDepth=1", "-s", "decoding.maxLength=8",
    ];

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly SceneDataset _scenes;
    private readonly string _model;

    public CaptionCommandTests()
    {
        _model = _folder.File("model");
        TinyModel.Save(_model);
        _scenes = SceneDataset.Write(_folder.File("scenes"), 40, 12, seed: 1, imageSize: 32);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_captioner_is_trained_measured_and_used()
    {
        var (trained, run) = Train("run", Quick);
        var test = trained.GetProperty("tests")[0];
        Assert.Equal(("dev", 12), (test.GetProperty("name").GetString(), test.GetProperty("images").GetInt32()));
        Assert.All((string[])["results.json", "report.html", "dev.captions.json", "dev.predictions.jsonl"], file => Assert.True(File.Exists(Path.Combine(run, "evaluation", file)), file));

        // The same figures from the finished captioner, and others from greedy search.
        var same = Json("caption", "eval", run, "--on", Dev, "--out", _folder.File("beams"), "--max-length", "8", "-s", "precision=fp32", "--json").GetProperty("tests")[0];
        Assert.Equal(test.GetProperty("measures").GetProperty("BLEU-1").GetDouble(), same.GetProperty("measures").GetProperty("BLEU-1").GetDouble());
        Json("caption", "eval", run, "--on", Dev, "--out", _folder.File("greedy"), "--beams", "1", "--json");
        var (code, output, error) = Run(["compare", _folder.File("beams"), _folder.File("greedy"), "--samples", "100", "--json"]);
        Assert.True(code == 0, error);
        Assert.Contains("\"metric\": \"ciderD\"", output, StringComparison.Ordinal);

        // The trained tower alone, in the model that it came from.
        var embedded = Run(["embed", Path.Combine(run, "tower"), "--images", _scenes.Retrieval, "--out", _folder.File("e.safetensors")]);
        Assert.True(embedded.Code == 0, embedded.Error);
        Assert.NotEqual(Hash(_model), Hash(Path.Combine(run, "tower")));
        Assert.Equal("Flip captioner", Json("inspect", run, "--json").GetProperty("format").GetString());

        var written = Json("caption", "run", run, _scenes.Retrieval, "--json");
        Assert.Equal(12, written.GetArrayLength());
        Assert.False(string.IsNullOrWhiteSpace(written[0].GetProperty("caption").GetString()));
        var several = Run(["caption", "run", run, _scenes.Retrieval, "--top", "3"]);
        Assert.True(several.Code == 0, several.Error);
        Assert.Equal(12, several.Output.Split('\n').Count(line => line.Length > 0 && line[0] != ' '));
    }

    [Theory]
    [InlineData("1e-3", "fp32")]
    [InlineData("0", "fp32")]
    [InlineData("0", "bf16")]
    public void A_killed_run_continues_to_the_same_captioner_to_the_last_bit(string towerRate, string precision)
    {
        var (_, run) = Train("run", [.. Quick, "--tower-rate", towerRate, "-s", $"precision={precision}"]);
        Assert.False(File.Exists(Path.Combine(run, "tower-tokens")));
        var weights = Path.Combine(run, "model", CaptionerFolder.WeightsFile);
        var whole = File.ReadAllBytes(weights);
        var checkpoints = Directory.GetDirectories(Path.Combine(run, "checkpoints")).Order(StringComparer.Ordinal).ToList();
        checkpoints.Skip(1).ToList().ForEach(later => Directory.Delete(later, recursive: true));
        Directory.Delete(Path.Combine(run, "model"), recursive: true);
        Json("caption", "train", "--resume", run, "--json");
        Assert.Equal(whole, File.ReadAllBytes(weights));

        // Killed before the first checkpoint it begins again, to the same end.
        Directory.Delete(Path.Combine(run, "checkpoints"), recursive: true);
        Json("caption", "train", "--resume", run, "--json");
        Assert.Equal(whole, File.ReadAllBytes(weights));
    }

    [Fact]
    public void What_is_wrong_is_told_before_any_work()
    {
        AssertFails(["caption", "train"], "Name the model", "--train");
        AssertFails(["caption", "train", _model, "--train", _folder.File("none"), "--run", _folder.File("x")], "none");
        AssertFails(["caption", "train", _model, "--train", _scenes.Train, "-s", "head.heads=5"], "head.width = 384: must be a multiple of head.heads = 5");
        AssertFails(["caption", "train", _model, "--train", _scenes.Train, "-s", "decoding.maxLength=3"], "decoding.minLength = 5");
        AssertFails(["caption", "train", "--resume", _model], "it has no inputs.json");
        AssertFails(["caption", "eval", _model, "--on", Dev], "holds no captioner");
        AssertFails(["caption", "run", _model, _scenes.Train, "--top", "257"], "expected 1 to 256");
        AssertFails(["caption", "run", _model, _scenes.Train, "--top", "4", "--beams", "2"], "expected 1 to 2");
        AssertFails(["caption", "run", _model, _scenes.Train, "-s", "baseLearningRate=1"], "belongs to its training");
    }

    [Fact]
    public void The_settings_are_listed()
    {
        var (code, output, _) = Run(["caption", "train", "--describe"]);
        Assert.Equal(0, code);
        Assert.Contains("head.width = 384", output, StringComparison.Ordinal);
        Assert.Contains("towerLearningRate", output, StringComparison.Ordinal);
    }

    private string Dev => $"dev=captions={_scenes.Retrieval}";

    private (JsonElement Report, string Run) Train(string name, string[] more)
    {
        var run = _folder.File(name);
        return (Json(["caption", "train", _model, "--train", _scenes.Train, "--test", Dev, "--vocab", "learn", "--run", run, "--json", .. more]), run);
    }

    private static string Hash(string model)
    {
        using var loaded = ModelFolder.Load(model);
        return WeightFile.Hash(loaded.Model.Parameters);
    }

    private static JsonElement Json(params string[] args)
    {
        var (code, output, error) = Run(args);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }
}
