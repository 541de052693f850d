using System.Text.Json;
using Flip.Config;

namespace Flip.Tests.Config;

public class ConfigWriterTests
{
    private static readonly FlipConfig Odd = new()
    {
        Model = new() { Image = new() { MaskRatio = 0.1 + 0.2, FinalMaskRatio = 1.0 / 3 }, LayerNormEps = 1e-300 },
        Data = new() { Train = "Bilder/\"für\" <alle>/{000..041}.tar", Vocabulary = "null", ClassTemplates = "123" },
        Train = new() { Warmup = Duration.OfPercent(0.1), Samples = Duration.OfSamples(1e21), Seed = long.MaxValue },
        Eval = new() { Every = Duration.OfSteps(12.5) },
    };

    public static TheoryData<string> PresetNames => [.. Presets.All.Select(preset => preset.Name)];

    [Theory]
    [MemberData(nameof(PresetNames))]
    public void Every_preset_is_valid_and_comes_back_from_its_json(string name)
    {
        var config = Presets.Get(name).Config;
        ConfigReader.Validate(config);
        var json = ConfigWriter.ToJson(config);
        Assert.Equal(config, ConfigReader.Parse(json));
        Assert.Equal(json, ConfigWriter.ToJson(ConfigReader.Parse(json)));
    }

    [Fact]
    public void Odd_values_come_back_exactly()
    {
        Assert.Equal(Odd, ConfigReader.Parse(ConfigWriter.ToJson(Odd)));
    }

    [Fact]
    public void Json_is_indented_camel_case_with_every_key()
    {
        using var json = JsonDocument.Parse(ConfigWriter.ToJson(new FlipConfig()));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("data").GetProperty("train").ValueKind);
        Assert.Contains("\n    \"image\": {\n      \"imageSize\": 224,\n", ConfigWriter.ToJson(new FlipConfig()), StringComparison.Ordinal);
        Assert.Contains("\"loss\": \"infoNce\"", ConfigWriter.ToJson(new FlipConfig()), StringComparison.Ordinal);
        Assert.Contains("\"checkpointEvery\": \"10%\"", ConfigWriter.ToJson(new FlipConfig()), StringComparison.Ordinal);
    }

    [Fact]
    public void Equal_configurations_have_no_difference()
    {
        Assert.Empty(ConfigWriter.Difference(Presets.Get("tiny").Config, Presets.Get("tiny").Config));
    }

    [Fact]
    public void A_difference_is_what_has_to_be_set()
    {
        var config = ConfigReader.Resolve("tiny", null, ["train.loss=sigmoid", "train.samples=3 epochs", "data.vocabulary=v.txt"]);
        Assert.Equal(
            ["data.vocabulary=v.txt", "train.samples=\"3 epochs\"", "train.loss=sigmoid"],
            ConfigWriter.Difference(config, Presets.Get("tiny").Config));
    }

    [Theory]
    [MemberData(nameof(PresetNames))]
    public void Setting_the_difference_leads_from_the_defaults_to_the_preset(string name)
    {
        var config = Presets.Get(name).Config;
        Assert.Equal(config, ConfigReader.Resolve(null, null, ConfigWriter.Difference(config, new FlipConfig())));
    }

    [Fact]
    public void Setting_the_difference_leads_to_odd_values_and_back()
    {
        Assert.Equal(Odd, ConfigReader.Resolve(null, null, ConfigWriter.Difference(Odd, new FlipConfig())));
        var back = ConfigWriter.Difference(new FlipConfig(), Odd);
        Assert.Contains("data.train=null", back);
        Assert.Equal(new FlipConfig(), ConfigReader.Resolve(null, null, [.. ConfigWriter.Difference(Odd, new FlipConfig()), .. back]));
    }

    [Fact]
    public void Every_setting_is_described_once_with_its_default_and_range()
    {
        var rows = ConfigWriter.Describe();
        Assert.Equal(rows.Count, rows.Select(row => row.Key).Distinct().Count());
        Assert.All(rows, row => Assert.True(row.Meaning.Length > 10 && row.Type.Length > 0 && row.Default.Length > 0, row.Key));
        Assert.Equal(
            new SettingRow("model.image.maskRatio", "number", "0.5", "from 0 to below 1", "Share of patches removed in training; the masking of the title."),
            rows.Single(row => row.Key == "model.image.maskRatio"));
        Assert.Equal("infoNce, sigmoid", rows.Single(row => row.Key == "train.loss").Range);
        Assert.Equal("duration or null", rows.Single(row => row.Key == "eval.every").Type);
        Assert.Equal("text", rows.Single(row => row.Key == "train.device").Type);
        Assert.Equal("text or null", rows.Single(row => row.Key == "data.train").Type);
        Assert.Equal("from 1 to 1048576", rows.Single(row => row.Key == "train.batchSize").Range);
    }
}
