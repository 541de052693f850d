using System.Text.Json;
using Flip.Storage;
using Flip.Tasks.Answering;
using Flip.Tests.Data.Images;
using SkiaSharp;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class VqaCommandTests : IDisposable
{
    private static readonly string[] Quick =
    [
        "--epochs", "2", "--batch", "8", "--least", "1", "-s", "checkpointEvery=2 steps", "-s", "keepCheckpoints=0", "-s", "precision=fp32", "-s", "threads=1", "-s", "baseLearningRate=0.02",
        "-s", "head.width=16", "-s", "head.heads=2", "-s", "head.depth=1",
    ];

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();
    private readonly string _model;

    public VqaCommandTests()
    {
        _model = _folder.File("model");
        TinyModel.Save(_model);
        Write("train", 10, 0);
        Write("dev", 4, 20);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_is_trained_measured_beside_one_that_sees_nothing_and_asked()
    {
        var (_, blind) = Train("blind", [.. Quick, "-s", "questionOnly=true"]);
        var (trained, run) = Train("run", [.. Quick, "--question-only", blind]);
        var test = trained.GetProperty("tests")[0];
        Assert.Equal(("dev", 8), (test.GetProperty("name").GetString(), test.GetProperty("questions").GetInt32()));
        Assert.InRange(test.GetProperty("questionOnly").GetDouble(), 0, 1);
        Assert.StartsWith("From the questions alone", test.GetProperty("sight").GetString(), StringComparison.Ordinal);
        Assert.All((string[])["results.json", "report.html", "dev.answers.json", "dev.predictions.jsonl"], file => Assert.True(File.Exists(Path.Combine(run, "evaluation", file)), file));

        // The same figures from the finished model, and a comparison with the baseline.
        var same = Json("vqa", "eval", run, "--on", Dev, "--question-only", blind, "--out", _folder.File("seeing"), "-s", "precision=fp32", "--json").GetProperty("tests")[0];
        Assert.Equal(test.GetProperty("measures").ToString(), same.GetProperty("measures").ToString());
        Assert.Equal(test.GetProperty("questionOnly").GetDouble(), same.GetProperty("questionOnly").GetDouble());
        Json("vqa", "eval", blind, "--on", Dev, "--out", _folder.File("blind-results"), "--json");
        var (code, output, error) = Run(["compare", _folder.File("blind-results"), _folder.File("seeing"), "--samples", "100", "--json"]);
        Assert.True(code == 0, error);
        Assert.Contains("\"metric\": \"vqaAccuracy\"", output, StringComparison.Ordinal);

        // The trained towers alone, in the model that they came from.
        var embedded = Run(["embed", Path.Combine(run, "tower"), "--images", _folder.File("dev"), "--out", _folder.File("e.safetensors")]);
        Assert.True(embedded.Code == 0, embedded.Error);
        Assert.NotEqual(Hash(_model), Hash(Path.Combine(run, "tower")));
        var inspected = Json("inspect", run, "--json");
        Assert.Equal(("Flip question answerer", 4), (inspected.GetProperty("format").GetString(), inspected.GetProperty("answers").GetInt32()));
        Assert.True(Json("inspect", blind, "--json").GetProperty("questionOnly").GetBoolean());

        var written = Json("vqa", "run", run, _folder.File("dev"), "--json");
        Assert.Equal(8, written.GetArrayLength());
        Assert.Equal(JsonValueKind.Number, written[0].GetProperty("question_id").ValueKind);
        var several = Run(["vqa", "run", run, _folder.File("dev"), "--ask", "how many dogs?", "--top", "3"]);
        Assert.True(several.Code == 0, several.Error);
        Assert.Equal((4, 12), (several.Output.Split('\n').Count(line => line.EndsWith("how many dogs?", StringComparison.Ordinal)), several.Output.Split('\n').Count(line => line.StartsWith("  0.", StringComparison.Ordinal))));
    }

    [Theory]
    [InlineData("1e-3", "fp32", false)]
    [InlineData("0", "fp32", false)]
    [InlineData("0", "bf16", false)]
    [InlineData("1e-3", "fp32", true)]
    public void A_killed_run_continues_to_the_same_model_to_the_last_bit(string towerRate, string precision, bool questionOnly)
    {
        var (_, run) = Train("run", [.. Quick, "--tower-rate", towerRate, "-s", $"precision={precision}", "-s", $"questionOnly={(questionOnly ? "true" : "false")}"]);
        Assert.False(File.Exists(Path.Combine(run, "tower-tokens")));
        var weights = Path.Combine(run, "model", AnswererFolder.WeightsFile);
        var whole = File.ReadAllBytes(weights);
        var checkpoints = Directory.GetDirectories(Path.Combine(run, "checkpoints")).Order(StringComparer.Ordinal).ToList();
        Assert.True(checkpoints.Count > 1);
        checkpoints.Skip(1).ToList().ForEach(later => Directory.Delete(later, recursive: true));
        Directory.Delete(Path.Combine(run, "model"), recursive: true);
        Json("vqa", "train", "--resume", run, "--json");
        Assert.Equal(whole, File.ReadAllBytes(weights));

        // Killed before the first checkpoint it begins again, to the same end.
        Directory.Delete(Path.Combine(run, "checkpoints"), recursive: true);
        Json("vqa", "train", "--resume", run, "--json");
        Assert.Equal(whole, File.ReadAllBytes(weights));
    }

    [Fact]
    public void Test_images_that_were_trained_on_are_told()
    {
        var (code, _, error) = Run(["vqa", "train", _model, "--train", _folder.File("train"), "--test", $"same={_folder.File("train")}", "--run", _folder.File("run"), "--json", .. Quick]);
        Assert.True(code == 0, error);
        Assert.Contains("Warning: 10 of the 10 images of same, with 20 questions, are in the training data too", error, StringComparison.Ordinal);
    }

    [Fact]
    public void What_is_wrong_is_told_before_any_work()
    {
        var train = _folder.File("train");
        AssertFails(["vqa", "train"], "Name the model", "--train");
        AssertFails(["vqa", "train", _model, "--train", _folder.File("none"), "--run", _folder.File("x")], "none");
        AssertFails(["vqa", "train", _model, "--train", train, "-s", "head.heads=5"], "head.width = 768: must be a multiple of head.heads = 5");
        AssertFails(["vqa", "train", _model, "--train", train, "--least", "100"], "No answer is given at least 100 times");
        AssertFails(["vqa", "train", _model, "--train", train, "--least", "0"], "leastAnswers = 0");
        AssertFails(["vqa", "train", _model, "--train", train, "--question-only", _model], "holds no model that answers questions");
        AssertFails(["vqa", "train", "--resume", _model], "it has no inputs.json");
        AssertFails(["vqa", "eval", _model, "--on", Dev], "holds no model that answers questions");
        AssertFails(["vqa", "run", _model, _folder.File("dev"), "--top", "0"], "expected 1 to 1000");
        AssertFails(["vqa", "run", _model, _folder.File("dev"), "-s", "baseLearningRate=1"], "belongs to its training");
    }

    [Fact]
    public void The_settings_are_listed()
    {
        var (code, output, _) = Run(["vqa", "train", "--describe"]);
        Assert.Equal(0, code);
        Assert.All(["head.width = 768", "head.depth = 4", "head.heads = 12", "flipProbability = 0", "leastAnswers = 9", "questionOnly = false"], setting => Assert.Contains(setting, output, StringComparison.Ordinal));
    }

    private string Dev => $"dev={_folder.File("dev")}";

    private void Write(string part, int images, int first)
    {
        Directory.CreateDirectory(_folder.File(part));
        var lines = new List<string> { "image,question,answer,id" };
        for (var image = 0; image < images; image++)
        {
            File.WriteAllBytes(Path.Combine(_folder.File(part), $"{image}.png"), TestImages.Encode(16 + first + image, 20, SKEncodedImageFormat.Png));
            lines.Add($"{image}.png,how many dogs?,{(image % 2 == 0 ? "two" : "three")},{100 + (2 * image)}");
            lines.Add($"{image}.png,a red cat?,{(image % 3 == 0 ? "yes" : "no")},{101 + (2 * image)}");
        }

        File.WriteAllLines(Path.Combine(_folder.File(part), "questions.csv"), lines);
    }

    private (JsonElement Report, string Run) Train(string name, string[] more)
    {
        var run = _folder.File(name);
        return (Json(["vqa", "train", _model, "--train", _folder.File("train"), "--test", Dev, "--run", run, "--json", .. more]), run);
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
