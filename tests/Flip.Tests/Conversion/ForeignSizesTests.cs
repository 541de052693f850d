using System.Diagnostics;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Conversion;
using Flip.Conversion.Formats;
using Flip.Models;
using Flip.Storage;
using Flip.Tests.Conversion.Containers;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion;

/// <summary>Descriptions and files of strangers that say impossible sizes.</summary>
public sealed class ForeignSizesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("vision_config", "num_hidden_layers", 2_000_000, "model.image.depth = 2000000: must be a whole number, from 1 to 1000")]
    [InlineData("text_config", "num_hidden_layers", 2_000_000, "model.text.depth = 2000000")]
    [InlineData("vision_config", "num_attention_heads", 0, "model.image.heads = 0")]
    [InlineData("text_config", "num_attention_heads", -3, "model.text.heads = -3")]
    [InlineData("vision_config", "patch_size", 0, "model.image.patchSize = 0")]
    [InlineData("vision_config", "image_size", int.MaxValue, "model.image.imageSize = 2147483647")]
    [InlineData("vision_config", "hidden_size", 0, "model.image.width = 0")]
    [InlineData("text_config", "vocab_size", int.MaxValue, "model.text.vocabularySize = 2147483647")]
    [InlineData("text_config", "vocab_size", -1, "model.text.vocabularySize = -1")]
    [InlineData("text_config", "max_position_embeddings", int.MaxValue, "model.text.length = 2147483647")]
    [InlineData("text_config", "intermediate_size", int.MaxValue, "model.text.mlpRatio")]
    [InlineData("text_config", "layer_norm_eps", 0, "layerNormEps")]
    [InlineData("vision_config", "image_size", 8000, "patches of 4 pixels")]
    public void An_impossible_size_of_a_Hugging_Face_model_is_refused(string part, string key, int value, string problem)
    {
        Change("config.json", root => root[part]![key] = value);
        var clock = Stopwatch.StartNew();
        Assert.Contains(problem, Refused(), StringComparison.Ordinal);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Fact]
    public void Sizes_that_are_possible_one_by_one_are_bounded_together()
    {
        Change("config.json", root =>
        {
            root["vision_config"]!["hidden_size"] = 32_000;
            root["vision_config"]!["intermediate_size"] = 128_000;
            root["vision_config"]!["num_hidden_layers"] = 900;
        });
        Assert.Contains("parameters, and at most 40,000,000,000 are possible", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_lack_what_the_description_has_are_refused_before_a_model_is_built()
    {
        Change("config.json", root =>
        {
            root["vision_config"]!["num_hidden_layers"] = 900;
            root["vision_config"]!["hidden_size"] = 2048;
            root["vision_config"]!["num_attention_heads"] = 8;
        });
        using var stored = ModelSource.Open(_folder.Path);
        var (clock, before) = (Stopwatch.StartNew(), Environment.WorkingSet);
        var error = Assert.Throws<CheckpointFormatException>(() => stored.Load());
        Assert.Contains("does not fit the model", error.Message, StringComparison.Ordinal);
        Assert.Contains(" more", error.Message, StringComparison.Ordinal);
        Assert.InRange(error.Message.Length, 0, 20_000);
        Assert.InRange(Environment.WorkingSet - before, long.MinValue, 500_000_000); // the model would take 180 GB
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
    }

    [Theory]
    [InlineData("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1e999")]
    [InlineData("\"hidden_act\": \"quick_gelu\"", "\"hidden_act\": \"\\ud800\"")]
    [InlineData("\"hidden_act\": \"quick_gelu\"", "\"hidden_act\": \"x\", \"hidden_act\": \"quick_gelu\"")]
    [InlineData("{", "{{")]
    [InlineData("\"clip\"", "\"\u0001\"")]
    public void A_description_that_is_no_sound_JSON_is_refused(string text, string change)
    {
        Save();
        var path = _folder.File("config.json");
        var whole = File.ReadAllText(path);
        var place = whole.IndexOf(text, StringComparison.Ordinal);
        Assert.True(place >= 0, whole);
        File.WriteAllText(path, whole[..place] + change + whole[(place + text.Length)..]);
        Assert.Contains("is no valid configuration", Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Nesting_without_end_and_a_length_without_end_are_refused()
    {
        Save();
        File.WriteAllText(_folder.File("config.json"), string.Concat(Enumerable.Repeat("{\"a\":", 10_000)));
        Assert.Contains("is no valid configuration", Refused(), StringComparison.Ordinal);
        using (var file = File.OpenWrite(_folder.File("config.json")))
        {
            file.SetLength(1L << 31);
        }

        Assert.Contains("at most 4,194,304 are read", Refused(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{ "model_cfg": { "embed_dim": 8, "vision_cfg": { "layers": 2000000 }, "text_cfg": {} } }""", "model.image.depth = 2000000")]
    [InlineData("""{ "model_cfg": { "embed_dim": 2147483647, "vision_cfg": {}, "text_cfg": {} } }""", "model.embedDim = 2147483647")]
    [InlineData("""{ "model_cfg": { "vision_cfg": { "image_size": 2147483647, "patch_size": 1 }, "text_cfg": {} } }""", "model.image.imageSize")]
    [InlineData("""{ "model_cfg": { "vision_cfg": { "mlp_ratio": 1e300 }, "text_cfg": {} } }""", "model.image.mlpRatio")]
    [InlineData("""{ "model_cfg": { "vision_cfg": { "layers": 0 }, "text_cfg": {} } }""", "layers = 0")]
    [InlineData("""{ "model_cfg": { "vision_cfg": { "head_width": 0 }, "text_cfg": {} } }""", "head_width = 0")]
    public void An_impossible_size_of_an_open_clip_model_is_refused(string description, string problem)
    {
        SafetensorsWriter.Write(_folder.File("open_clip_model.safetensors"), [("visual.conv1.weight", zeros(1)), ("visual.positional_embedding", zeros(2, 768))]);
        File.WriteAllText(_folder.File("open_clip_config.json"), description);
        Assert.Contains(problem, Refused(), StringComparison.Ordinal);
    }

    [Fact]
    public void Patches_and_blocks_beyond_a_number_are_refused()
    {
        Save();
        using (var stored = ModelSource.Open(_folder.Path))
        {
            ModelWriter.Write(stored, _folder.File("oc"), WeightFormat.OpenClip, null);
        }

        using var source = new SafetensorsReader(_folder.File("oc/open_clip_model.safetensors"));
        SafetensorsWriter.Write(_folder.File("bare.safetensors"), source.Names.Select(name =>
            (name, name == "visual.conv1.weight" ? zeros(16, 3, 1, 1).expand(16, 3, 4000, 1).contiguous() : source.ReadTensor(name))));
        SafetensorsWriter.Write(_folder.File("deep.safetensors"), source.Names.Select(name =>
            (name.Replace("visual.transformer.resblocks.1.", "visual.transformer.resblocks.99999.", StringComparison.Ordinal), source.ReadTensor(name))));
        Assert.Contains("model.image.patchSize", Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(_folder.File("bare.safetensors"))).Message, StringComparison.Ordinal);
        Assert.Contains("model.image.depth = 100000", Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(_folder.File("deep.safetensors"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tensors_that_share_a_storage_may_not_claim_many_times_the_file()
    {
        var shared = zeros(1 << 20, ScalarType.Byte);
        TorchFile.Write(
            _folder.File("x.pt"),
            PickleWriter.Write(Enumerable.Range(0, 100).ToDictionary(i => (object)$"t{i}", _ => (object?)TorchFile.Pickled(shared, "0"))),
            [("0", TorchFile.Bytes(shared))]);
        Assert.Contains("more than 16 times", Assert.Throws<CheckpointFormatException>(() => ModelSource.OpenTensors(_folder.File("x.pt"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Chunks_that_are_not_there_may_not_claim_many_times_the_bytes_that_are()
    {
        var arrays = new Dictionary<string, object?>();
        foreach (var i in Enumerable.Range(0, 5))
        {
            Directory.CreateDirectory(_folder.File($"c/w{i}"));
            File.WriteAllText(
                _folder.File($"c/w{i}/.zarray"),
                """{"chunks":[4194304],"compressor":{"id":"gzip","level":1},"dtype":"<f4","fill_value":0,"filters":null,"order":"C","shape":[4194304],"zarr_format":2}""");
            arrays[$"w{i}"] = $"PLACEHOLDER://w{i}";
        }

        File.WriteAllBytes(_folder.File("c/checkpoint"), FlaxFiles.MessagePack(arrays));
        Assert.Contains("more than 16 times", Assert.Throws<CheckpointFormatException>(() => ModelSource.OpenTensors(_folder.File("c"))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("../../etc/passwd", "may lead out")]
    [InlineData("/etc/passwd", "may lead out")]
    [InlineData("a\\u0000b", "may lead out")]
    [InlineData("\\ud800", "no valid JSON")]
    public void An_index_that_names_other_places_is_refused(string file, string problem)
    {
        File.WriteAllText(_folder.File("model.safetensors.index.json"), $$"""{ "weight_map": { "x": "{{file}}" } }""");
        Assert.Contains(problem, Assert.Throws<CheckpointFormatException>(() => ModelSource.OpenTensors(_folder.File("model.safetensors.index.json"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void An_index_of_more_files_than_any_model_has_is_refused()
    {
        File.WriteAllText(
            _folder.File("model.safetensors.index.json"),
            "{\"weight_map\":{" + string.Join(',', Enumerable.Range(0, 100_000).Select(i => $"\"{i}\":\"{i}.safetensors\"")) + "}}");
        Assert.Contains(
            "it is in 100000 files, and at most 2000 are read",
            Assert.Throws<CheckpointFormatException>(() => ModelSource.OpenTensors(_folder.File("model.safetensors.index.json"))).Message,
            StringComparison.Ordinal);
    }

    [Fact]
    public void Names_of_scores_are_no_markup_in_a_model_card()
    {
        Save();
        using var stored = ModelSource.Open(_folder.Path);
        ModelWriter.Write(
            stored, _folder.File("out"), WeightFormat.HuggingFace, null, scores: new Dictionary<string, double> { ["<script>|\n---\nlicense: x\n[a](http://b)"] = 1 });
        var card = File.ReadAllText(_folder.File("out/README.md"));
        Assert.Contains("| \\<script\\>\\| --- license: x \\[a\\](http://b) | 1 |\n", card, StringComparison.Ordinal);
    }

    private string Refused() => Assert.Throws<CheckpointFormatException>(() =>
    {
        using var stored = ModelSource.Open(_folder.Path);
        stored.Load().Dispose();
    }).Message;

    private void Change(string file, Action<JsonNode> change)
    {
        Save();
        _folder.Change(file, change);
    }

    /// <summary>A small CLIPModel.</summary>
    private void Save()
    {
        var start = ClipDefaults.Model;
        var model = start with
        {
            Image = start.Image with { ImageSize = 16, PatchSize = 4, Width = 16, Depth = 2, Heads = 2 },
            Text = start.Text with { VocabularySize = 20, Length = 6, Width = 16, Depth = 2, Heads = 2 },
            EmbedDim = 8,
        };
        var config = ClipDefaults.Config(model);
        Directory.CreateDirectory(_folder.File("own"));
        File.WriteAllText(_folder.File("own/config.json"), ConfigWriter.ToJson(config));
        using (var built = new FlipModel(model))
        {
            WeightFile.Save(_folder.File("own/model.safetensors"), built.Parameters);
        }

        using var stored = ModelFolder.Open(_folder.File("own"));
        ModelWriter.Write(stored, _folder.Path, WeightFormat.HuggingFace, null);
    }
}
