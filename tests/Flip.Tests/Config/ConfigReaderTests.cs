using Flip.Config;

namespace Flip.Tests.Config;

public sealed class ConfigReaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("flip-config-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Nothing_given_is_the_default()
    {
        Assert.Equal(new FlipConfig(), ConfigReader.Resolve(null, null, []));
    }

    [Fact]
    public void Settings_overlay_the_file_which_overlays_the_preset()
    {
        var file = Write("""
            {
              // comments and trailing commas are fine
              "model": { "image": { "maskRatio": 0.75, "depth": 3, }, },
              "train": { "samples": "20 epochs", "loss": "sigmoid" },
            }
            """);
        var config = ConfigReader.Resolve("tiny", file, ["model.image.depth=5", "train.warmup=100 steps"]);
        Assert.Equal(0.75, config.Model.Image.MaskRatio);
        Assert.Equal(5, config.Model.Image.Depth);
        Assert.Equal(64, config.Model.Image.ImageSize);
        Assert.Equal(Duration.OfEpochs(20), config.Train.Samples);
        Assert.Equal(Duration.OfSteps(100), config.Train.Warmup);
        Assert.Equal(LossKind.Sigmoid, config.Train.Loss);
    }

    [Fact]
    public void A_file_may_name_its_preset()
    {
        var config = ConfigReader.Resolve(null, Write("""{ "preset": "flip-l14", "train": { "seed": 7 } }"""), []);
        Assert.Equal(14, config.Model.Image.PatchSize);
        Assert.Equal(7, config.Train.Seed);
    }

    [Fact]
    public void Two_different_presets_are_refused_and_the_same_twice_is_not()
    {
        var file = Write("""{ "preset": "tiny" }""");
        Assert.Equal(Presets.Get("tiny").Config, ConfigReader.Resolve("tiny", file, []));
        Assert.Equal(
            ["preset = tiny: the file asks for this one and the command for small; name one"],
            Problems(() => ConfigReader.Resolve("small", file, [])));
    }

    [Fact]
    public void Many_and_long_unknown_keys_are_refused_in_few_lines_and_soon()
    {
        var many = $$"""{{{string.Join(',', Enumerable.Range(0, 50_000).Select(i => $"\"k{i}\": 1"))}}}""";
        var error = Assert.Throws<ConfigException>(() => ConfigReader.Parse(many, "config.json"));
        Assert.Equal(50_000, error.Problems.Count);
        Assert.Contains("... and 49950 more like these.", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 100, 10_000);
        Assert.InRange(Assert.Throws<ConfigException>(() => ConfigReader.Parse($$"""{"{{new string('x', 3_000_000)}}": 1}""", "config.json")).Message.Length, 10, 1000);
    }

    [Theory]
    [InlineData("data.vocabulary=null", null)]
    [InlineData("data.vocabulary=words.txt", "words.txt")]
    [InlineData("data.vocabulary=\"null\"", "null")]
    [InlineData("data.vocabulary = 30522", "30522")]
    [InlineData("data.vocabulary=a=b", "a=b")]
    public void The_text_of_a_setting_is_json_where_that_fits_and_plain_text_elsewhere(string set, string? expected)
    {
        Assert.Equal(expected, ConfigReader.Resolve("tiny", null, ["data.vocabulary=old", set]).Data.Vocabulary);
    }

    [Theory]
    [InlineData("model.image.maskRati=0.5", "model.image.maskRati: no such setting; did you mean model.image.maskRatio?")]
    [InlineData("maskRatio=0.5", "maskRatio: no such setting; did you mean model.text.maskRatio?")]
    [InlineData("train.batchsize=8", "train.batchsize: no such setting; did you mean train.batchSize?")]
    [InlineData("modle=1", "modle: no such setting; did you mean model?")]
    [InlineData("model.image=3", "model.image: is a group of settings; set one of them, such as model.image.imageSize")]
    [InlineData("train.seed", "train.seed: has no value; write train.seed=VALUE")]
    [InlineData("model.image.depth=many", "model.image.depth = many: must be a whole number, from 1 to 1000")]
    [InlineData("model.image.depth=2.5", "model.image.depth = 2.5: must be a whole number, from 1 to 1000")]
    [InlineData("model.image.maskRatio=1", "model.image.maskRatio = 1: must be a number, from 0 to below 1")]
    [InlineData("model.image.maskRatio=1e999", "model.image.maskRatio = 1e999: must be a number, from 0 to below 1")]
    [InlineData("model.image.finalMaskRatio=-1", "model.image.finalMaskRatio = -1: must be a number, from 0 to below 1, or null")]
    [InlineData("model.image.maskRatio=null", "model.image.maskRatio = null: must be a number, from 0 to below 1")]
    [InlineData("data.cropMinArea=0", "data.cropMinArea = 0: must be a number, above 0 to 1")]
    [InlineData("train.eps=0", "train.eps = 0: must be a number, above 0 to 1")]
    [InlineData("model.text.causal=yes", "model.text.causal = yes: must be true or false")]
    [InlineData("data.train=", "data.train = : must be a text that is not empty, in one line, or null")]
    [InlineData(
        "model.image.classToken=WithPosition",
        "model.image.classToken = WithPosition: must be one of none, withoutPosition, withPosition")]
    [InlineData("train.schedule=1", "train.schedule = 1: must be one of cosine, constantCooldown")]
    [InlineData(
        "train.warmup=5 weeks",
        "train.warmup = 5 weeks: must be a number of samples, or a text such as \"1000 steps\", \"32 epochs\" or \"5%\"")]
    [InlineData("train.lossChunk=-1", "train.lossChunk = -1: must be a whole number, from 0 to 1048576")]
    [InlineData("train.checkpointBlocks=true", "train.checkpointBlocks = true: must be a whole number, from 0 to 1000")]
    [InlineData("data.batchMemory=-1", "data.batchMemory = -1: must be a whole number, from 0 to 4194304")]
    [InlineData("train.device=null", "train.device = null: must be auto, cpu, cuda or cuda:N")]
    [InlineData("train.device=gpu", "train.device = gpu: must be auto, cpu, cuda or cuda:N")]
    public void A_setting_that_cannot_be_used_says_why(string set, string problem)
    {
        Assert.Equal([problem], Problems(() => ConfigReader.Resolve(null, null, [set])));
    }

    [Fact]
    public void All_problems_are_told_at_once_with_their_full_keys()
    {
        var file = Write("""
            { "model": { "image": { "maskRatio": "half", "pooling": "max", "dept": 3 }, "text": [] }, "trian": {} }
            """);
        var error = Assert.Throws<ConfigException>(() => ConfigReader.Resolve("tinny", file, ["train.batchSize=0"]));
        Assert.Equal(
            [
                "preset = tinny: no such preset; did you mean tiny? There are " + string.Join(", ", Presets.All.Select(p => p.Name)),
                "model.image.maskRatio = \"half\": must be a number, from 0 to below 1",
                "model.image.pooling = \"max\": must be one of mean, patchMean, classToken, attention",
                "model.image.dept: no such setting; did you mean model.image.depth?",
                "model.text = []: must be an object, for it is a group of settings",
                "trian: no such setting; did you mean train?",
                "train.batchSize = 0: must be a whole number, from 1 to 1048576",
            ],
            error.Problems);
        Assert.StartsWith("7 problems:\n  preset = tinny", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[1]", "must hold a JSON object, such as { \"train\": { \"batchSize\": 256 } }")]
    [InlineData("{ \"train\": }", "no valid JSON: ")]
    [InlineData("{ \"train\": {}, \"train\": {} }", "no valid JSON: ")]
    [InlineData("", "cannot be read: ")]
    public void A_file_that_is_no_settings_says_so_with_its_name(string json, string problem)
    {
        var file = Write(json);
        var found = Assert.Single(Problems(() => ConfigReader.Resolve(null, file, [])));
        Assert.StartsWith($"{file}: {problem}", found, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', found);
    }

    [Fact]
    public void A_missing_file_says_so_with_its_name()
    {
        var file = Path.Combine(_folder.FullName, "none.json");
        var found = Assert.Single(Problems(() => ConfigReader.Resolve(null, file, [])));
        Assert.StartsWith($"{file}: cannot be read: ", found, StringComparison.Ordinal);
    }

    [Fact]
    public void A_value_of_the_file_that_a_later_setting_repairs_is_still_refused()
    {
        var file = Write("""{ "train": { "seed": -1 } }""");
        Assert.Equal(
            ["train.seed = -1: must be a whole number, from 0 to 9.223372036854776E+18"],
            Problems(() => ConfigReader.Resolve(null, file, ["train.seed=1"])));
    }

    [Fact]
    public void A_configuration_made_in_code_is_checked_too()
    {
        var config = new FlipConfig
        {
            Model = new() { Image = new() { MaskRatio = double.NaN, Heads = 7 } },
            Train = new() { Loss = (LossKind)9, Device = null! },
        };
        Assert.Equal(
            [
                "model.image.maskRatio = NaN: must be a number, from 0 to below 1",
                "train.device = null: must be a text that is not empty, in one line",
                "train.loss = 9: must be one of infoNce, sigmoid",
                "model.image.width = 768: must be a multiple of model.image.heads = 7",
            ],
            Problems(() => ConfigReader.Validate(config)));
        ConfigReader.Validate(new FlipConfig());
    }

    private static IReadOnlyList<string> Problems(Action resolve) => Assert.Throws<ConfigException>(resolve).Problems;

    private string Write(string json)
    {
        var path = Path.Combine(_folder.FullName, "config.json");
        File.WriteAllText(path, json);
        return path;
    }
}
