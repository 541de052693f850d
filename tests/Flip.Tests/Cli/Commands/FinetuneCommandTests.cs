using System.Text.Json;
using Flip.Data;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Outcomes;
using Flip.Tasks.Finetuning;
using Flip.Tests.Data.Images;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class FinetuneCommandTests : IDisposable
{
    private static readonly string[] Quick =
        ["--epochs", "2", "--batch", "4", "-s", "checkpointEvery=2 steps", "-s", "keepCheckpoints=0", "-s", "precision=fp32", "-s", "baseLearningRate=0.02"];

    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public FinetuneCommandTests()
    {
        _model = _folder.File("model");
        TinyModel.Save(_model);
        for (var i = 0; i < 8; i++)
        {
            _images.Add($"a red dog/{i:D4}.png", 16 + i);
            _images.Add($"the green car/{i:D4}.png", 32 + i);
        }
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_zero_shot_head_scores_as_the_zero_shot_evaluation_before_training()
    {
        var (finetuned, _) = Train("run", ["--head", "zeroShot", "--wise-ft", "0,1", .. Quick]);
        var (code, output, error) = Run(["eval", _model, "--on", Shards(), "--classes", Classes(), "--cache", _folder.File("cache"), "--samples", "100", "--json"]);
        Assert.True(code == 0, error);
        var zeroShot = JsonDocument.Parse(output).RootElement.GetProperty("results")[0].GetProperty("measures").GetProperty("top1").GetDouble();
        Assert.Equal(zeroShot, Top1(finetuned.GetProperty("wiseFt")[0].GetProperty("tests")));
        Assert.Equal(Top1(finetuned.GetProperty("tests")), Top1(finetuned.GetProperty("wiseFt")[1].GetProperty("tests")));
    }

    [Fact]
    public void A_killed_run_continues_to_the_same_classifier_to_the_last_bit()
    {
        var (_, run) = Train("run", Quick);
        var whole = File.ReadAllBytes(Path.Combine(run, "model", ClassifierFolder.WeightsFile));
        var metrics = File.ReadAllLines(Path.Combine(run, "metrics.jsonl")).Length;
        var checkpoints = Directory.GetDirectories(Path.Combine(run, "checkpoints")).Order(StringComparer.Ordinal).ToList();
        checkpoints.Skip(1).ToList().ForEach(later => Directory.Delete(later, recursive: true));
        Directory.Delete(Path.Combine(run, "model"), recursive: true);
        var (code, _, error) = Run(["finetune", "--resume", run, "--json"]);
        Assert.True(code == 0, error);
        Assert.Equal(whole, File.ReadAllBytes(Path.Combine(run, "model", ClassifierFolder.WeightsFile)));
        Assert.Equal(metrics, File.ReadAllLines(Path.Combine(run, "metrics.jsonl")).Length);

        // Killed before the first checkpoint it begins again, to the same end.
        Directory.Delete(Path.Combine(run, "checkpoints"), recursive: true);
        Assert.Equal(0, Run(["finetune", "--resume", run, "--json"]).Code);
        Assert.Equal(whole, File.ReadAllBytes(Path.Combine(run, "model", ClassifierFolder.WeightsFile)));
    }

    [Fact]
    public void Shards_and_folders_of_classes_hold_the_same_data()
    {
        var folders = Open(_images.Path, null);
        var shards = Open(Shards(), """["a red dog", "the green car"]""");
        Assert.Equal(folders.ClassNames, shards.ClassNames);
        Assert.Equal(folders.Labels, shards.Labels);
        Assert.Equal(1, Open(_images.Path, """["the green car", "a red dog"]""").Labels[0][0]); // by name, not by place
        var renamed = Open(_images.Path, """{"the green car": "car", "a red dog": "dog"}""");
        Assert.Equal((1, "car dog"), (renamed.Labels[0][0], string.Join(' ', renamed.ClassNames)));
        Assert.Throws<ConfigException>(() => Open(_images.Path, """["dog", "car", "cat"]"""));
    }

    [Fact]
    public void Class_numbers_without_names_make_no_zero_shot_head()
    {
        var (code, _, error) = Run(["finetune", _model, "--train", Shards(), "--test", Shards(), "--head", "zeroShot", "--run", Path.Combine(_folder.Path, "nameless")]);
        Assert.Equal(1, code);
        Assert.Contains("has class numbers and no names", error, StringComparison.Ordinal);
    }

    [Fact]
    public void The_results_of_a_run_are_those_that_every_evaluation_writes()
    {
        var (results, run) = Train("run", ["--head", "zeroShot", .. Quick]);
        var report = EvaluationReport.Read(Path.Combine(run, "evaluation"));
        Assert.Equal("fine-tuned", report.Header.Method);
        Assert.Equal(Top1(results.GetProperty("tests")), Assert.Single(report.Results).Measures["top1"]);
    }

    [Fact]
    public void Test_sets_of_any_names_keep_their_results()
    {
        foreach (var place in (string[])["a/Holiday Photos", "b/Holiday Photos", "it's"])
        {
            _images.Add($"sets/{place}/a red dog/1.png", 16);
            _images.Add($"sets/{place}/the green car/1.png", 32);
        }

        var first = _images.File("sets/a/Holiday Photos");
        var (code, _, error) = Run(
            ["finetune", _model, "--train", first, "--test", first, "--test", _images.File("sets/b/Holiday Photos"), "--test", _images.File("sets/it's"), "--run", _folder.File("named"),
                "--epochs", "1", "--batch", "2", "-s", "precision=fp32"]);
        Assert.True(code == 0, error);
        Assert.Equal(
            ["Holiday Photos", "Holiday Photos-2", "it's"], EvaluationReport.Read(_folder.File("named/evaluation")).Results.Select(result => result.Name));
    }

    [Fact]
    public void A_finished_classifier_is_measured_again_with_the_same_result()
    {
        var (results, run) = Train("run", ["--head", "zeroShot", .. Quick]);
        var (code, output, error) = Run(
            ["finetune", "--eval", run, "--test", _images.Path, "--wise-ft", "0,0.5,1", "-s", "precision=fp32", "--json"]);
        Assert.True(code == 0, error);
        var measured = JsonDocument.Parse(output).RootElement;
        Assert.Equal(Top1(results.GetProperty("tests")), Top1(measured.GetProperty("tests")));
        Assert.Equal(3, measured.GetProperty("wiseFt").GetArrayLength());
        Assert.Equal(Top1(measured.GetProperty("tests")), Top1(measured.GetProperty("wiseFt")[2].GetProperty("tests")));
        Assert.True(File.Exists(Path.Combine(run, "results.json")));
    }

    [Fact]
    public void Mistakes_are_one_clear_line()
    {
        string[] begin = ["finetune", _model, "--train", _images.Path, "--test", _images.Path];
        AssertFails(["finetune", _model], "--train: name the labelled training images", "--test: name labelled test images");
        AssertFails([.. begin, "--recipe", "huge"], "--recipe huge: no such recipe; there are paper, small");
        AssertFails([.. begin, "-s", "mixap=1"], "mixap: no such setting; did you mean mixup?");
        AssertFails([.. begin, "--run", _folder.File("a")], "batchSize = 1024: the data set has 16 samples");
        AssertFails([.. begin, "--wise-ft", "0,2"], "--wise-ft 0,2: expected shares");
        AssertFails([.. begin, "--run", _folder.File("b"), "--wise-ft", "0,1", .. Quick], "it takes --head zeroShot");
        AssertFails(["finetune", _images.Path, "--train", _images.Path, "--test", _images.Path, "--run", _folder.File("c"), .. Quick], "holds no model");
        AssertFails(["finetune", "--resume", _folder.Path], "holds no run");
        AssertFails(["finetune", "--resume", "x", "--epochs", "3"], "--resume continues a run as it is; --epochs belongs to a new one");
        AssertFails(["finetune", "--eval", _model, "--test", _images.Path], "holds no classifier");
        AssertFails(["finetune", "--eval", _model, "--test", _images.Path, "--epochs", "3"], "--epochs belongs to a new one");
        AssertFails(["finetune", "--eval", _model, "--test", _images.Path, "-s", "model.image.imageSize=8"], "model.image.imageSize=8 belongs to a new one");
        AssertFails([.. begin, "--run", _folder.File("d"), "--mask", "0.99", .. Quick], "maskRatio = 0.99: leaves none of the 16 patches");
        AssertFails(
            ["finetune", _model, "--train", Shards(), "--test", _images.Path, "--run", _folder.File("e"), .. Quick], "give the names of both with --classes");
    }

    private (JsonElement Results, string Run) Train(string name, params string[] more)
    {
        var run = _folder.File(name);
        var (code, output, error) = Run(["finetune", _model, "--train", _images.Path, "--test", _images.Path, "--run", run, "--json", .. more]);
        Assert.True(code == 0, error);
        Assert.Contains("Warning: There are 8 steps", error, StringComparison.Ordinal);
        return (JsonDocument.Parse(output).RootElement, run);
    }

    private LabelledImages Open(string source, string? classes)
    {
        if (classes is not null)
        {
            File.WriteAllText(_folder.File("named.json"), classes);
        }

        return LabelledData.Open(
            source, classes is null ? null : _folder.File("named.json"), training: true, new SourceOptions(), TestContext.Current.CancellationToken).Images;
    }

    private static double Top1(JsonElement tests) => tests[0].GetProperty("top1").GetDouble();

    private string Classes()
    {
        File.WriteAllText(_folder.File("classes.json"), """["a red dog", "the green car"]""");
        return _folder.File("classes.json");
    }

    /// <summary>The same images in one shard.</summary>
    private string Shards()
    {
        var path = _folder.File("set.tar");
        using var writer = new System.Formats.Tar.TarWriter(File.Create(path));
        foreach (var (i, file) in Directory.GetFiles(_images.Path, "*.png", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Index())
        {
            writer.WriteEntry(file, $"{i:D4}.png");
            writer.WriteEntry(new System.Formats.Tar.PaxTarEntry(System.Formats.Tar.TarEntryType.RegularFile, $"{i:D4}.cls")
            {
                DataStream = new MemoryStream([(byte)(file.Contains("dog", StringComparison.Ordinal) ? '0' : '1')]),
            });
        }

        return path;
    }
}
