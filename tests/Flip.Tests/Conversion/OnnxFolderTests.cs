using System.Text.Json.Nodes;
using Flip.Conversion;
using Flip.Conversion.Onnx;
using Flip.Storage;
using Flip.Tests.Cli;

namespace Flip.Tests.Conversion;

public sealed class OnnxFolderTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public OnnxFolderTests() => TinyModel.Save(_folder.File("model"));

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Other_libraries_find_what_they_look_for()
    {
        Write(OnnxPrecision.Fp32, OnnxPrecision.Fp16, OnnxPrecision.Quantized);
        Assert.Equal(
            [
                "README.md", "config.json",
                "onnx/model.onnx", "onnx/model_fp16.onnx", "onnx/model_quantized.onnx",
                "onnx/text_model.onnx", "onnx/text_model_fp16.onnx", "onnx/text_model_quantized.onnx",
                "onnx/vision_model.onnx", "onnx/vision_model_fp16.onnx", "onnx/vision_model_quantized.onnx",
                "preprocessor_config.json", "tokenizer.json", "tokenizer_config.json", "vocab.txt",
            ],
            Directory.GetFiles(_folder.File("export"), "*", SearchOption.AllDirectories)
                .Select(path => Path.GetRelativePath(_folder.File("export"), path).Replace('\\', '/')).Order(StringComparer.Ordinal));
        var config = Parse("config.json");
        Assert.Equal(("clip", 8), (config["model_type"]!.GetValue<string>(), config["projection_dim"]!.GetValue<int>()));
        Assert.Equal(6, config["text_config"]!["max_position_embeddings"]!.GetValue<int>());
        Assert.Null(config["transformers.js_config"]);
        Assert.Equal(6, Parse("tokenizer_config.json")["model_max_length"]!.GetValue<int>());
        var preprocessor = Parse("preprocessor_config.json");
        Assert.Equal((16, 16), (preprocessor["size"]!["shortest_edge"]!.GetValue<int>(), preprocessor["crop_size"]!["height"]!.GetValue<int>()));
        Assert.Equal(0.485f, preprocessor["image_mean"]![0]!.GetValue<float>());
        Assert.Equal(1, preprocessor["resample"]!.GetValue<int>()); // Lanczos, the only filter that transformers.js antialiases with

        // The towers are FLIP's, so nobody should expect Python's CLIPModel to be built from the configuration.
        var card = File.ReadAllText(_folder.File("export/README.md"));
        Assert.Contains("library_name: transformers.js", card, StringComparison.Ordinal);
        Assert.Contains("not CLIP's", card, StringComparison.Ordinal);
    }

    [Fact]
    public void Only_the_number_formats_asked_for_are_written()
    {
        Write(OnnxPrecision.Quantized);
        Assert.Equal(
            ["model_quantized.onnx", "text_model_quantized.onnx", "vision_model_quantized.onnx"],
            Directory.GetFiles(_folder.File("export/onnx")).Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Files_of_weights_are_announced_to_transformers_js()
    {
        var graphs = _folder.File("export/onnx");
        using (var stored = ModelFolder.Open(_folder.File("model")))
        using (var model = stored.LoadModel(stored.Config))
        {
            OnnxExporter.Write(model, graphs, OnnxPrecision.Fp32, stored.Tokenizer(), inlineLimit: 10_000); // as those of more than 1.8 GB
            var parts = Directory.GetFiles(graphs, "model.onnx_data*").Length;
            Assert.True(parts > 1);
            Write(OnnxPrecision.Fp16);
            Assert.Equal(parts, Parse("config.json")["transformers.js_config"]!["use_external_data_format"]!["model.onnx"]!.GetValue<int>());
            Assert.Null(Parse("config.json")["transformers.js_config"]!["use_external_data_format"]!["model_fp16.onnx"]);
        }
    }

    [Fact]
    public void The_folder_is_not_taken_for_a_model_with_weights()
    {
        Write(OnnxPrecision.Fp32);
        var error = Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(_folder.File("export")));
        Assert.Contains("graphs for ONNX", error.Message, StringComparison.Ordinal);
    }

    private void Write(params IReadOnlyList<OnnxPrecision> precisions)
    {
        using var stored = ModelFolder.Open(_folder.File("model"));
        using var model = stored.LoadModel(stored.Config);
        var tokenizer = stored.Tokenizer();
        OnnxFolder.Write(stored, model, _folder.File("export"), precisions, tokenizer, OnnxInputs.Draw(model.Config, tokenizer));
    }

    private JsonNode Parse(string file) => JsonNode.Parse(File.ReadAllText(_folder.File($"export/{file}")))!;
}
