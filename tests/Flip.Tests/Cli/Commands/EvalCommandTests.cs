using System.Text.Json;
using Flip.Evaluation.Outcomes;
using Flip.Tests.Data.Images;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class EvalCommandTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;
    private readonly string _cache;

    public EvalCommandTests()
    {
        (_model, _cache) = (_folder.File("model"), _folder.File("cache"));
        TinyModel.Save(_model);
        for (var i = 0; i < 6; i++)
        {
            _images.Add($"photos/dog/{i:D4}.png", 16 + i);
            _images.Add($"photos/green_car/{i:D4}.png", 32 + i);
        }
    }

    private string Photos => _images.File("photos");

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_folder_of_ones_own_with_class_names_gives_a_table_in_one_command()
    {
        File.WriteAllText(_folder.File("names.json"), """{"green_car": "green car", "dog": "red dog"}""");
        var (code, output, error) = Run(Eval("--on", Photos, "--classes", _folder.File("names.json"), "--per-class", "--out", _folder.File("out")));
        Assert.True(code == 0, error);
        Assert.Contains("photos", output, StringComparison.Ordinal);
        Assert.Contains("top-1", output, StringComparison.Ordinal);
        Assert.Contains("green car", output, StringComparison.Ordinal);
        var report = EvaluationReport.Read(_folder.File("out"));
        var result = Assert.Single(report.Results);
        Assert.Equal(["green car", "red dog"], result.ClassNames);
        Assert.Equal((12, "flip7", 0.5), (result.Images, result.Settings["prompts"], result.Chance));
        Assert.Equal(("zero-shot", "None"), (report.Header.Method, report.Header.Mask));
        Assert.All(["results.md", "results.csv", "report.html", "photos.predictions.jsonl"], file => Assert.True(File.Exists(Path.Combine(_folder.File("out"), file)), file));
    }

    [Fact]
    public void The_same_evaluation_gives_the_same_bytes_from_the_cache_and_encodes_nothing_again()
    {
        Assert.Equal(0, Run(Eval("--on", Photos, "--out", _folder.File("first"))).Code);
        var kept = Directory.GetFiles(_cache).Order(StringComparer.Ordinal).ToArray();
        var times = kept.Select(File.GetLastWriteTimeUtc).ToArray();
        Assert.Contains(kept, file => Path.GetFileName(file).StartsWith("classifier-", StringComparison.Ordinal));
        Assert.Equal(0, Run(Eval("--on", Photos, "--out", _folder.File("second"))).Code);
        Assert.Equal(kept, Directory.GetFiles(_cache).Order(StringComparer.Ordinal));
        Assert.Equal(times, kept.Select(File.GetLastWriteTimeUtc));
        foreach (var file in Directory.GetFiles(_folder.File("first")))
        {
            Assert.Equal(File.ReadAllBytes(file), File.ReadAllBytes(Path.Combine(_folder.File("second"), Path.GetFileName(file))));
        }
    }

    [Fact]
    public void Known_data_sets_are_found_by_path_by_root_and_by_group()
    {
        _images.Add("root/stl10/test/cat/1.png", 20);
        _images.Add("root/stl10/test/dog/1.png", 21);
        _images.Add("root/food101/test/apple_pie/1.png", 22);
        File.WriteAllText(_images.File("root/caltech101"), "no folder");
        string[][] ways = [["stl10=" + _images.File("root/stl10")], ["stl10", "--data-root", _images.File("root")]];
        foreach (var way in ways)
        {
            var (code, output, error) = Run([.. Eval(["--on", .. way]), "--json"]);
            Assert.True(code == 0, error);
            var result = JsonDocument.Parse(output).RootElement.GetProperty("results")[0];
            Assert.Equal("stl10", result.GetProperty("name").GetString());
            Assert.Equal(10, result.GetProperty("classNames").GetArrayLength());
            Assert.Contains(result.GetProperty("notes").EnumerateArray(), note => note.GetString()!.Contains("figures do not compare", StringComparison.Ordinal));
        }

        var group = Run([.. Eval("--on", "classification", "--data-root", _images.File("root")), "--json"]);
        Assert.True(group.Code == 0, group.Error);
        Assert.Equal(
            ["food101", "stl10"],
            JsonDocument.Parse(group.Output).RootElement.GetProperty("results").EnumerateArray().Select(result => result.GetProperty("name").GetString()));
        Assert.Contains("left out: cifar10, cifar100", group.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Prompts_of_ones_own_take_the_place_of_templates()
    {
        File.WriteAllText(_folder.File("prompts.json"), """{"dog": ["a red dog runs"], "green_car": ["the green car", "a car"]}""");
        var (code, output, error) = Run([.. Eval("--on", Photos, "--prompts", _folder.File("prompts.json")), "--json"]);
        Assert.True(code == 0, error);
        Assert.Equal("prompts.json", Result(output).GetProperty("settings").GetProperty("prompts").GetString());
        AssertFails(Eval("--on", "photos=" + _images.File("photos"), "--prompts", _folder.File("none.json")), "none.json");
    }

    [Fact]
    public void Templates_count_as_an_option_and_as_a_setting_and_classes_are_in_the_JSON_where_asked_for()
    {
        var named = Run(Eval("--on", Photos, "--templates", "clip80", "--json"));
        var set = Run(Eval("--on", Photos, "--set", "eval.templates=clip80", "--per-class", "--json"));
        Assert.Equal((0, 0), (named.Code, set.Code));
        var (one, other) = (Result(named.Output), Result(set.Output));
        Assert.Equal("clip80", one.GetProperty("settings").GetProperty("prompts").GetString());
        Assert.Equal(one.GetProperty("settings").ToString(), other.GetProperty("settings").ToString());
        Assert.Equal(one.GetProperty("value").GetDouble(), other.GetProperty("value").GetDouble());
        Assert.Equal(2, other.GetProperty("classes").GetArrayLength());
        AssertFails(Eval("--on", Photos, "--set", "eval.on=x"), "--on");
    }

    [Fact]
    public void Each_way_of_seeing_an_image_is_measured_and_kept_apart()
    {
        foreach (var mask in (string[])["None", "Masked", "Ensemble"])
        {
            string[] ratio = mask == "None" ? [] : ["--mask-ratio", "0.5"];
            Assert.Equal(0, Run([.. Eval("--on", Photos, "--mask", mask, "--out", _folder.File(mask)), .. ratio]).Code);
        }

        Assert.StartsWith("Ensemble 0.5", EvaluationReport.Read(_folder.File("Ensemble")).Header.Mask, StringComparison.Ordinal);
        Assert.Equal(3, Directory.GetFiles(_cache, "*.json").Length);
        var (code, output, _) = Run(["compare", _folder.File("None"), _folder.File("Masked"), "--samples", "100"]);
        Assert.Equal(0, code);
        Assert.Contains("photos", output, StringComparison.Ordinal);
    }

    [Fact]
    public void An_image_that_cannot_be_read_is_named_or_counted_in_the_table()
    {
        _images.AddBytes("photos/dog/0003.png", [1, 2, 3]);
        AssertFails(Eval("--on", Photos), "dog/0003.png", "cannot be used");
        var (code, output, error) = Run([.. Eval("--on", Photos, "--allow-missing"), "--json"]);
        Assert.True(code == 0, error);
        Assert.Equal((11, 1), (Result(output).GetProperty("images").GetInt32(), Result(output).GetProperty("missing").GetInt32()));
    }

    [Fact]
    public void A_folder_of_any_name_is_evaluated_and_compared()
    {
        string[] names = ["Holiday Photos", "holiday_photos", "lr=0.1", "it's [b] 50%, {a} *", "u\u0308ni"];
        foreach (var name in names)
        {
            _images.Add($"{name}/dog/1.png", 16);
            _images.Add($"{name}/green_car/1.png", 32);
        }

        var (code, output, error) = Run([.. Eval(["--on", .. names.Select(_images.File)]), "--out", _folder.File("out")]);
        Assert.True(code == 0, error);
        string[] shown = ["Holiday Photos", "holiday_photos", "lr=0.1", "it's [b] 50%, {a} *", "üni"];
        Assert.All(shown, name => Assert.Contains(name, output, StringComparison.Ordinal));
        Assert.Equal(shown, EvaluationReport.Read(_folder.File("out")).Results.Select(result => result.Name));
        Assert.Equal(5, Directory.GetFiles(_folder.File("out"), "*" + PredictionFile.Extension).Length);
        Assert.Equal(0, Run(["compare", _folder.File("out"), _folder.File("out"), "--samples", "100"]).Code);
    }

    [Fact]
    public void Two_classes_of_one_name_are_told_before_and_in_the_results()
    {
        File.WriteAllText(_folder.File("names.json"), """{"green_car": "dog", "dog": "dog"}""");
        var (code, output, error) = Run([.. Eval("--on", Photos, "--classes", _folder.File("names.json"), "--out", _folder.File("out")), "--json"]);
        Assert.True(code == 0, error);
        Assert.Contains("Warning: 1 of the 2 classes of 'photos'", error, StringComparison.Ordinal);
        Assert.Contains("Warning: photos: 1 of 2 classes", error, StringComparison.Ordinal);
        Assert.Contains(Result(output).GetProperty("notes").EnumerateArray(), note => note.GetString()!.Contains("the 6 images of the later", StringComparison.Ordinal));
        Assert.Equal(0.5, Result(output).GetProperty("value").GetDouble());
        File.WriteAllText(_folder.File("names.json"), """["dog", "dog"]""");
        AssertFails(Eval("--on", Photos, "--classes", _folder.File("names.json")), "'dog'", "is two or more of the 2 classes");
    }

    [Fact]
    public void What_would_fail_at_the_end_fails_before_the_model_is_read()
    {
        File.WriteAllText(_folder.File("file"), "");
        string[] none = ["eval", _folder.File("no model"), "--on", Photos, "--cache", _cache, "--samples", "100"];
        AssertFails([.. none, "--out", _folder.File("file")], "--out", "cannot be written");
        AssertFails([.. none, "--out", _folder.File("file/deeper")], "--out", "cannot be written");
        AssertFails(["eval", _folder.File("no model"), "--on", Photos, "--cache", _folder.File("file")], "--cache", "cannot be written");
        AssertFails(["eval", _folder.File("no model"), "--on", Photos, "--cache", _cache, "--samples", "0"], "--samples 0");
        AssertFails([.. none, "--out", _folder.File("fine")], "no model");
        Assert.False(Directory.Exists(_folder.File("fine")));
    }

    [Fact]
    public void Mistakes_are_one_clear_line()
    {
        AssertFails(Eval("--on", "cifar-10"), "did you mean cifar10?");
        AssertFails(Eval("--on", "cifar10"), "cifar10=PATH", "--data-root");
        AssertFails(Eval("--on", "robustness"), "--data-root");
        AssertFails(Eval("--on", "robustness", "--data-root", Photos), "none of the data sets");
        AssertFails(Eval("--on", "captions=" + Photos), "no data in a known layout");
        AssertFails(Eval("--on", Photos, "--mask", "Masked", "--mask-ratio", "0"), "keeps");
        AssertFails(["eval", _model, "--out", _folder.File("out")], "--on");
        AssertFails(Eval("--on", Photos, Photos), "photos", "twice");
    }

    private static JsonElement Result(string output) => JsonDocument.Parse(output).RootElement.GetProperty("results")[0];

    private string[] Eval(params string[] more) => ["eval", _model, "--cache", _cache, "--samples", "100", .. more];
}
