using Flip.Config;

namespace Flip.Tests.Config;

public class PresetsTests
{
    [Fact]
    public void The_promised_presets_exist()
    {
        string[] towers = ["b16", "l16", "l14", "h14"];
        Assert.Equal(
            [.. towers.SelectMany(tower => new[] { $"flip-{tower}", $"flip-{tower}-code", $"flip-{tower}-openclip", $"clip-{tower}" }), "tiny", "small", "small-64"],
            Presets.All.Select(preset => preset.Name));
    }

    [Fact]
    public void The_paper_rate_is_its_own()
    {
        var train = Presets.Get("flip-b16").Config.Train;
        Assert.Equal(1.024e-3, train.BaseLearningRate * train.BatchSize / 256, 12);
        Assert.Equal(51_200_000, train.Warmup.ToSamples(train.BatchSize, 400_000_000));
        Assert.Equal(256_000_000, Presets.Get("flip-h14").Config.Train.Warmup.ToSamples(train.BatchSize, 400_000_000));
        Assert.Equal(12_800_000_000, train.Samples.ToSamples(train.BatchSize, 400_000_000));
    }

    [Fact]
    public void The_variants_differ_only_in_what_they_are_named_for()
    {
        var paper = Presets.Get("flip-l16").Config;
        Assert.Equal(
            ["model.image.classToken=withoutPosition", "model.text.vocabularySize=30523", "data.wordPieceVariant=tfText"],
            ConfigWriter.Difference(Presets.Get("flip-l16-code").Config, paper));
        Assert.Equal(
            ["model.image.maskRatio=0", "train.batchSize=16384"], ConfigWriter.Difference(Presets.Get("clip-l16").Config, paper));
    }

    [Fact]
    public void Each_preset_states_command_cost_and_score()
    {
        var paper = Presets.Get("flip-b16");
        Assert.Equal("flip train --preset flip-b16 --data SHARDS --vocab VOCABULARY", paper.Command);

        // 3 × (12 (24·98·768² + 4·98²·768) + 2·98·768² + 12 (24·32·512² + 4·32²·512) + 2·(768 + 512)·512) = 58.68e9.
        Assert.Equal("139.9 M parameters; 58.68 GFLOP a pair, forward and backward; 12800000000 samples = 7.5e20 FLOP", paper.Cost);
        Assert.Equal("paper: 68.0 % ImageNet zero-shot after 32 epochs of LAION-400M", paper.ExpectedScore);
        var small = Presets.Get("small");
        Assert.Equal("flip train --preset small --data SHARDS", small.Command);
        Assert.EndsWith("; 30 epochs", small.Cost, StringComparison.Ordinal);
        Assert.All(Presets.All, preset => Assert.True(preset.Summary.Length > 10 && preset.ExpectedScore.Length > 10, preset.Name));
    }

    [Theory]
    [InlineData("flip-b16", "flip-b16-openclip")]
    [InlineData("flip-h14", "flip-h14-openclip")]
    [InlineData("flip-l14-openclip", "flip-l14-openclip")]
    public void A_paper_preset_has_a_sister_for_other_libraries(string name, string sister) => Assert.Equal(sister, Presets.ForOthers(name).Name);

    [Theory]
    [InlineData("small")]
    [InlineData("flip-b16-code")]
    [InlineData("clip-l16")]
    public void Where_there_is_no_sister_those_that_have_one_are_named(string name)
    {
        var error = Assert.Throws<ConfigException>(() => Presets.ForOthers(name));
        Assert.Contains($"preset = {name}: has no sister", error.Message, StringComparison.Ordinal);
        Assert.Contains("flip-b16-openclip, flip-l16-openclip", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_preset_names_the_nearest_and_all()
    {
        var error = Assert.Throws<ConfigException>(() => Presets.Get("flip-b61"));
        Assert.StartsWith(
            "preset = flip-b61: no such preset; did you mean flip-b16? There are flip-b16, ", error.Message, StringComparison.Ordinal);
    }
}
