using Flip.Config;

namespace Flip.Tests.Config;

/// <summary>Whose setting is whose: a model's files say what the model is, never what the user's machine does.</summary>
public sealed class SettingOwnerTests
{
    private static readonly string[] Users =
    [
        "data.train", "data.index", "data.cache", "data.cacheSize", "data.s3Endpoint", "data.s3Anonymous", "data.vocabulary", "data.classNames", "data.workers", "data.prefetchBatches", "data.batchMemory", "data.maxBadShare",
        "train.microBatch", "train.checkpointBlocks", "train.precision", "train.device", "train.threads", "train.checkpointEvery",
        "train.checkpointMinutes", "train.keepCheckpoints", "train.keepEvery", "train.shardOptimizer", "train.textExchange", "train.logEvery", "train.lossChunk", "eval.on", "eval.classes", "eval.templates", "eval.every", "eval.batchSize", "eval.runtime",
    ];

    [Fact]
    public void Data_devices_threads_and_memory_are_the_users_and_all_other_settings_are_not()
    {
        Assert.Equal(Users.Order(), SettingCatalog.Flip.All.Where(setting => setting.Owner == SettingOwner.User).Select(setting => setting.Key).Order());
        Assert.All(
            SettingCatalog.Flip.All.Where(setting => setting.Key.StartsWith("model.", StringComparison.Ordinal)),
            setting => Assert.Equal(SettingOwner.Model, setting.Owner));
    }

    [Fact]
    public void Every_number_has_a_smallest_and_a_largest_value()
    {
        Assert.Empty(SettingCatalog.Flip.All.Concat(RecipeFiles.Finetuning.Catalog.All).Where(setting => setting.IsUnbounded).Select(setting => setting.Key));
    }

    [Fact]
    public void Every_number_beyond_its_range_is_refused_with_setting_value_and_range()
    {
        foreach (var row in ConfigWriter.Describe().Where(row => row.Type.StartsWith("whole number", StringComparison.Ordinal) && row.Key != "train.seed"))
        {
            foreach (var value in new[] { "-1", "2147483647", "99999999999999999999", "1e999" })
            {
                var problem = Assert.Single(Assert.Throws<ConfigException>(() => ConfigReader.Resolve(null, null, [$"{row.Key}={value}"])).Problems);
                Assert.StartsWith($"{row.Key} = {value}: must be", problem, StringComparison.Ordinal);
                Assert.Contains(row.Range, problem, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("1e999")]
    [InlineData("1e300")]
    [InlineData("NaN")]
    public void A_number_that_no_setting_can_have_is_refused(string value)
    {
        foreach (var row in ConfigWriter.Describe().Where(row => row.Type.StartsWith("number", StringComparison.Ordinal)))
        {
            Assert.Throws<ConfigException>(() => ConfigReader.Resolve(null, null, [$"{row.Key}={value}"]));
        }
    }

    [Fact]
    public void Settings_of_earlier_versions_are_passed_over_in_models_and_named_with_what_took_their_place_else()
    {
        const string json = """{"eval": {"zeroShot": "a.tar", "retrieval": null, "classNames": null}}""";
        Assert.Equal(new FlipConfig(), ConfigReader.ParseModel(json, "config.json"));
        var problem = Assert.Single(Assert.Throws<ConfigException>(() => ConfigReader.Parse(json, "config.json")).Problems);
        Assert.Equal("eval.zeroShot: is gone, so remove it here; eval.on names data sets to measure on (--on)", problem);
        Assert.Equal(new FlipConfig(), ConfigReader.Parse("""{"eval": {"zeroShot": null}}""", "config.json"));
    }

    [Fact]
    public void What_a_models_file_says_of_the_users_settings_is_passed_over_whatever_it_is()
    {
        var config = ConfigReader.ParseModel(
            """
            {
              "model": { "image": { "width": 384 } },
              "train": { "threads": 1000000, "device": "cuda:7", "precision": "bf16", "batchSize": 512, "microBatch": "x", "logEvery": "nonsense" },
              "data": { "workers": 1000000, "train": "/etc/passwd", "vocabulary": "/etc", "tokenizer": "clipBpe", "classTemplates": "/etc/passwd" },
              "eval": { "batchSize": 1000000, "on": ["x=/x.tar"], "templates": "/etc/passwd", "transform": "clip" }
            }
            """,
            "config.json");
        var expected = new FlipConfig
        {
            Model = new() { Image = new() { Width = 384 } },
            Train = new() { BatchSize = 512 },
            Data = new() { Tokenizer = TokenizerKind.ClipBpe },
            Eval = new() { Transform = EvalTransform.Clip },
        };
        Assert.Equal(expected, config);
        Assert.Equal("clip80", ConfigReader.ParseModel("""{"data": {"classTemplates": "clip80"}}""", "x").Data.ClassTemplates);
    }

    [Theory]
    [InlineData("""{ "model": { "image": { "depth": 2000000 } } }""", "model.image.depth = 2000000: must be a whole number, from 1 to 1000")]
    [InlineData("""{ "model": { "image": { "imageSize": 4096, "patchSize": 8 } } }""", "makes 262,144 patches")]
    [InlineData(
        """{ "model": { "image": { "width": 32768, "heads": 8, "depth": 1000 } } }""",
        "makes a model of 12,885,")]
    [InlineData("""{ "model": { "image": { "threads": 1 } } }""", "no such setting")]
    [InlineData("""{ "model": { "layerNormEps": 1e-400 } }""", "must be a number, above 0 to 1")]
    [InlineData("""{ "train": { "device": "\u0000" } }""", null)]
    [InlineData("""{ "train": { "device": "\ud800" } }""", "half of a surrogate pair")]
    [InlineData("""{ "train": { "seed": 1, "seed": 2 } }""", "duplicate key 'seed'")]
    public void Sizes_and_JSON_of_a_models_file_are_bounded(string json, string? problem)
    {
        var error = Record.Exception(() => ConfigReader.ParseModel(json, "config.json"));
        Assert.Equal(problem is null ? null : typeof(ConfigException), error?.GetType());
        Assert.Contains(problem ?? string.Empty, error?.Message ?? string.Empty, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_preset_is_within_the_bounds() => Assert.All(Presets.All, preset => ConfigReader.Validate(preset.Config));
}
