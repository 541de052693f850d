using System.Text.Json;
using Flip.Cli;
using Flip.Data.Scenes;
using Flip.Storage;
using Flip.Training;

namespace Flip.Tests.Cli;

/// <summary>The whole command in this process, whose standard output and error are captured.</summary>
[Collection(Alone.Name)]
public sealed class FlipCommandTests : IDisposable
{
    private static readonly string[] Small =
    [
        "--preset", "tiny", "--batch-size", "16", "-s", "model.image.width=32", "-s", "model.image.depth=1", "-s", "model.text.width=32",
        "-s", "model.text.depth=1", "-s", "model.embedDim=16", "-s", "train.logEvery=1 steps", "-s", "train.precision=fp32",
        "-s", "train.checkpointEvery=4 steps",
    ];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_is_trained_resumed_tuned_and_evaluated()
    {
        var data = Scenes();
        var (run, again) = (_folder.File("run"), _folder.File("again"));
        string[] train = ["train", .. Small, "--data", data.Train, "--json"];
        string[] evaluation = ["--on", $"heldout={data.HeldOut}", $"pairs=captions={data.Retrieval}", "--classes", data.ClassNames];
        Assert.Equal(0, Run([.. train, .. evaluation, "--samples", "8 steps", "--run", run]).Code);
        Assert.True(File.Exists(Path.Combine(run, "report.html")));
        Assert.True(File.Exists(Path.Combine(run, "model", "model.safetensors")));

        // The same run, cut in half: the second half from the checkpoint in its middle.
        TemporaryFolder.Copy(run, again);
        Directory.Delete(Path.Combine(again, "checkpoints", "samples-0000000000128"), recursive: true);
        Directory.Delete(Path.Combine(again, "model"), recursive: true);
        Assert.Equal(0, Run(["train", "--resume", again, "--json"]).Code);
        Assert.Equal(Losses(run), Losses(again));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(run, "model", "model.safetensors")), File.ReadAllBytes(Path.Combine(again, "model", "model.safetensors")));

        var tuned = _folder.File("tuned");
        Assert.Equal(0, Run(["tune", run, "--data", data.Train, .. evaluation, "--run", tuned, "--samples", "2 steps", "--json"]).Code);
        Assert.Equal(0, ModelFolder.LoadConfig(tuned).Model.Image.MaskRatio);

        var initialized = _folder.File("initialized");
        Assert.Equal(0, Run([.. train, "--samples", "2 steps", "--init", run, "--run", initialized]).Code);
        AssertFails(["train", "--resume", run, "--seed", "7"], "train.seed=7: a resumed run keeps this setting");
        AssertFails(["train", "--resume", run, "--preset", "tiny"], "belongs to a new one");

        // What training measured is what the evaluation of the same data measures.
        var measured = MetricLog.Read(tuned).Last(record => record.Values.ContainsKey("eval/heldout/top1")).Values;
        var results = Evaluate(tuned, evaluation).GetProperty("results");
        foreach (var result in results.EnumerateArray())
        {
            var name = result.GetProperty("name").GetString();
            Assert.All(result.GetProperty("measures").EnumerateObject(), figure => Assert.Equal(measured[$"eval/{name}/{figure.Name}"], figure.Value.GetDouble(), 1e-12));
        }

        Assert.Equal(1.0 / SceneCombinations.All.Length, measured["eval/heldout/chance top1"], 1e-9);
        Assert.Equal(["heldout", "pairs"], results.EnumerateArray().Select(result => result.GetProperty("name").GetString()));

        // The masks of a data set are the same beside others.
        var both = Evaluate(tuned, [.. evaluation, "--mask", "Masked", "--mask-ratio", "0.5"]).GetProperty("results");
        var alone = Evaluate(tuned, "--on", $"pairs=captions={data.Retrieval}", "--mask", "Masked", "--mask-ratio", "0.5").GetProperty("results");
        Assert.Equal(both[1].GetProperty("measures").ToString(), alone[0].GetProperty("measures").ToString());
        AssertFails(["eval", tuned], "--on");

        AssertFails(["eval", tuned, .. evaluation, "--batch-size", "0"], "eval.batchSize = 0");

        // The stored ratio of a tuned model is 0.
        AssertFails(["eval", tuned, .. evaluation, "--mask", "Ensemble"], "keeps 64 of 64 patches", "--mask-ratio");
        AssertFails(["eval", tuned, .. evaluation, "--mask-ratio", "0.5"], "--mask-ratio", "--mask Masked");
    }

    [Theory]
    [InlineData("eval", "--vocab")]
    [InlineData("eval", "--samples")]
    [InlineData("eval", "--data")]
    [InlineData("tune", "--vocab")]
    [InlineData("tune", "--preset")]
    public void A_command_has_only_the_settings_it_uses(string command, string option)
    {
        var (code, _, error) = Run([command, "model", option, "x"]);
        Assert.NotEqual(0, code);
        Assert.Contains($"'{option}'", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_quickstart_is_checked_before_anything_is_drawn()
    {
        var folder = _folder.File("quickstart");
        AssertFails(["quickstart", "--run", folder, "--samples", "100", "--seed", "-1"], "--samples 100: must be at least 2000", "--seed -1");
        Assert.False(Directory.Exists(folder));
        Directory.CreateDirectory(Path.Combine(folder, "masked", "checkpoints"));
        AssertFails(["quickstart", "--run", folder], folder, "holds a quickstart already");
        Assert.False(Directory.Exists(Path.Combine(folder, "data")));
    }

    [Fact]
    public void Failures_of_the_data_are_the_users_and_those_of_the_program_are_not()
    {
        Assert.All(
            new Exception[] { new InvalidDataException("x"), new ArithmeticException("x"), new FileNotFoundException("x") },
            e => Assert.True(FlipCommand.IsExpected(e), e.GetType().Name));
        Assert.All(
            new Exception[] { new OverflowException("x"), new DivideByZeroException("x"), new InvalidOperationException("x") },
            e => Assert.False(FlipCommand.IsExpected(e), e.GetType().Name));
    }

    [Fact]
    public void A_run_is_never_overwritten()
    {
        var run = Directory.CreateDirectory(_folder.File("run")).FullName;
        Directory.CreateDirectory(Path.Combine(run, "checkpoints"));
        AssertFails(["train", "--preset", "tiny", "--data", "x.tar", "--run", run], "holds a run already");
    }

    [Fact]
    public void Unknown_settings_are_refused_all_at_once() => AssertFails(
        ["config", "-s", "model.image.maskRation=0.5", "-s", "train.batchSize=none"], "did you mean model.image.maskRatio", "train.batchSize = none");

    [Fact]
    public void Missing_data_is_named() =>
        AssertFails(["train", "--preset", "tiny", "--data", _folder.File("none-*.tar"), "--run", _folder.File("r")], "none-*.tar");

    [Fact]
    public void A_missing_vocabulary_is_named()
    {
        var data = Scenes();
        AssertFails(["train", .. Small, "--data", data.Train, "--vocab", _folder.File("none.txt"), "--run", _folder.File("r")], "none.txt");
    }

    [Fact]
    public void A_folder_without_a_model_is_named() =>
        AssertFails(["eval", _folder.Path, "--on", $"captions={Scenes().Retrieval}"], "holds no model", _folder.Path);

    [Fact]
    public void A_damaged_checkpoint_is_named()
    {
        var data = Scenes();
        var run = _folder.File("run");
        Assert.Equal(0, Run(["train", .. Small, "--data", data.Train, "--samples", "2 steps", "--run", run, "--json"]).Code);
        var weights = Path.Combine(run, "model", "model.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..1000]);
        AssertFails(["eval", run, "--on", $"captions={data.Retrieval}"], "model.safetensors");
    }

    [Fact]
    public void Every_command_has_help()
    {
        foreach (var command in FlipCommand.Root().Subcommands)
        {
            var (code, output, _) = Run([command.Name, "--help"]);
            Assert.Equal(0, code);
            Assert.Contains(command.Description!, output.ReplaceLineEndings(" "), StringComparison.Ordinal);
            Assert.All(command.Options, option => Assert.False(string.IsNullOrEmpty(option.Description), option.Name));
        }
    }

    private JsonElement Evaluate(string model, params string[] options)
    {
        var (code, output, error) = Run(["eval", model, "--json", "--samples", "100", "--cache", _folder.File("cache"), .. options]);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    private SceneDataset Scenes() => SceneDataset.Write(_folder.File("scenes"), 150, 30, seed: 1, imageSize: 64);

    private static List<double> Losses(string run) =>
        [.. MetricLog.Read(run).Where(record => record.Values.ContainsKey("train/loss")).Select(record => record.Values["train/loss"])];

    private static void AssertFails(string[] args, params string[] parts) => CommandRun.AssertFails(args, parts);

    private static (int Code, string Output, string Error) Run(string[] args) => CommandRun.Run(args);

    [Fact]
    public void A_message_has_an_end()
    {
        var cut = FlipCommand.Shortened("Begin " + new string('x', 1 << 20) + " end.");
        Assert.InRange(cut.Length, 1000, 20_000);
        Assert.StartsWith("Begin x", cut, StringComparison.Ordinal);
        Assert.EndsWith("x end.", cut, StringComparison.Ordinal);
    }
}
