using System.Text.Json;
using Flip.Cli;
using Flip.Data.Scenes;
using Flip.Training;

namespace Flip.Tests.Cli;

/// <summary>The whole command in this process, whose standard output and error are captured.</summary>
[Collection(Alone.Name)]
public sealed class CommandLineTests : IDisposable
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
        string[] evaluation = ["--zero-shot", data.HeldOut, "--eval-class-names", data.ClassNames, "--retrieval", data.Retrieval];
        Assert.Equal(0, Run([.. train, .. evaluation, "--samples", "8 steps", "--run", run]).Code);
        Assert.True(File.Exists(Path.Combine(run, "report.html")));
        Assert.True(File.Exists(Path.Combine(run, "model", "model.safetensors")));

        // The same run, cut in half: the second half from the checkpoint in its middle.
        CopyFolder(run, again);
        Directory.Delete(Path.Combine(again, "checkpoints", "samples-0000000000128"), recursive: true);
        Directory.Delete(Path.Combine(again, "model"), recursive: true);
        Assert.Equal(0, Run(["train", "--resume", again, "--json"]).Code);
        Assert.Equal(Losses(run), Losses(again));
        Assert.Equal(
            File.ReadAllBytes(Path.Combine(run, "model", "model.safetensors")), File.ReadAllBytes(Path.Combine(again, "model", "model.safetensors")));

        var tuned = _folder.File("tuned");
        Assert.Equal(0, Run(["tune", run, "--run", tuned, "--samples", "2 steps", "--json"]).Code);
        Assert.Equal(0, ModelFolder.LoadConfig(tuned).Model.Image.MaskRatio);

        var initialized = _folder.File("initialized");
        Assert.Equal(0, Run([.. train, "--samples", "2 steps", "--init", run, "--run", initialized]).Code);
        AssertFails(["train", "--resume", run, "--seed", "7"], "train.seed=7: a resumed run keeps this setting");
        AssertFails(["train", "--resume", run, "--preset", "tiny"], "belongs to a new one");

        var both = Evaluate(tuned, "--mask", "Masked", "--mask-ratio", "0.5", "--per-class");
        var scores = both.GetProperty("scores");
        Assert.Equal(1.0 / SceneCombinations.All.Length, scores.GetProperty("zeroShot/chance").GetDouble(), 1e-9);
        var classes = both.GetProperty("classes").EnumerateArray().ToList();
        Assert.Equal(SceneCombinations.All.Length, classes.Count);
        Assert.Equal(
            scores.GetProperty("zeroShot/top1").GetDouble(),
            classes.Sum(c => c.GetProperty("hits").GetInt32()) / (double)classes.Sum(c => c.GetProperty("images").GetInt32()));

        // Only what is named runs, with the masks it has beside others.
        var alone = Evaluate(tuned, "--mask", "Masked", "--mask-ratio", "0.5", "--retrieval", data.Retrieval).GetProperty("scores");
        Assert.All(alone.EnumerateObject(), score => Assert.StartsWith("retrieval/", score.Name, StringComparison.Ordinal));
        Assert.All(alone.EnumerateObject(), score => Assert.Equal(scores.GetProperty(score.Name).GetDouble(), score.Value.GetDouble()));
        Assert.All(
            Evaluate(tuned, "-s", "eval.retrieval=null").GetProperty("scores").EnumerateObject(),
            score => Assert.StartsWith("zeroShot/", score.Name, StringComparison.Ordinal));
        AssertFails(["eval", tuned, "-s", "eval.retrieval=null", "-s", "eval.zeroShot=null"], "Nothing to evaluate on");

        AssertFails(["eval", tuned, "--batch-size", "0"], "eval.batchSize = 0");

        // The stored ratio of a tuned model is 0.
        AssertFails(["eval", tuned, "--mask", "Ensemble"], "keeps 64 of 64 patches", "--mask-ratio");
        AssertFails(["eval", tuned, "--mask-ratio", "0.5"], "--mask-ratio", "--mask Masked");
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
            e => Assert.True(CommandLine.IsExpected(e), e.GetType().Name));
        Assert.All(
            new Exception[] { new OverflowException("x"), new DivideByZeroException("x"), new InvalidOperationException("x") },
            e => Assert.False(CommandLine.IsExpected(e), e.GetType().Name));
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
        AssertFails(["eval", _folder.Path, "--retrieval", "x.tar"], "holds no model", _folder.Path);

    [Fact]
    public void A_damaged_checkpoint_is_named()
    {
        var data = Scenes();
        var run = _folder.File("run");
        Assert.Equal(0, Run(["train", .. Small, "--data", data.Train, "--samples", "2 steps", "--run", run, "--json"]).Code);
        var weights = Path.Combine(run, "model", "model.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..1000]);
        AssertFails(["eval", run, "--retrieval", data.Retrieval], "model.safetensors");
    }

    [Fact]
    public void Every_command_has_help()
    {
        foreach (var command in CommandLine.Root().Subcommands)
        {
            var (code, output, _) = Run([command.Name, "--help"]);
            Assert.Equal(0, code);
            Assert.Contains(command.Description!, output.ReplaceLineEndings(" "), StringComparison.Ordinal);
            Assert.All(command.Options, option => Assert.False(string.IsNullOrEmpty(option.Description), option.Name));
        }
    }

    private static JsonElement Evaluate(string model, params string[] options)
    {
        var (code, output, error) = Run(["eval", model, "--json", .. options]);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement;
    }

    private SceneDataset Scenes() => SceneDataset.Write(_folder.File("scenes"), 150, 30, seed: 1, imageSize: 64);

    private static List<double> Losses(string run) =>
        [.. MetricLog.Read(run).Where(record => record.Values.ContainsKey("train/loss")).Select(record => record.Values["train/loss"])];

    private static void AssertFails(string[] args, params string[] parts) => CommandRun.AssertFails(args, parts);

    private static (int Code, string Output, string Error) Run(string[] args) => CommandRun.Run(args);

    private static void CopyFolder(string from, string to)
    {
        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    [Fact]
    public void A_message_has_an_end_and_nothing_that_terminals_obey()
    {
        Assert.Equal("a?[31mb\n\tc", CommandLine.Shown("a\u001b[31mb\n\tc"));
        var cut = CommandLine.Shown("Begin " + new string('x', 1 << 20) + " end.");
        Assert.InRange(cut.Length, 1000, 20_000);
        Assert.StartsWith("Begin x", cut, StringComparison.Ordinal);
        Assert.EndsWith("x end.", cut, StringComparison.Ordinal);
    }
}
