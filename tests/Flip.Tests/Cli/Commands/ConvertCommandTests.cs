using System.Text.Json;
using Flip.Storage;
using Flip.Tests.Data.Images;
using SkiaSharp;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class ConvertCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_model_goes_to_open_clip_and_back_and_ranks_the_same()
    {
        TinyModel.Save(_folder.File("model"));
        Assert.Equal(0, CommandRun.Run(["convert", _folder.File("model"), _folder.File("theirs"), "--to", "open_clip"]).Code);
        Assert.Equal(0, CommandRun.Run(["convert", _folder.File("theirs"), _folder.File("back"), "--to", "flip"]).Code);
        using var first = new SafetensorsReader(_folder.File("model/model.safetensors"));
        using var second = new SafetensorsReader(_folder.File("back/model.safetensors"));
        using var scope = NewDisposeScope();
        Assert.All(first.Names, name => Assert.True(first.ReadTensor(name).equal(second.ReadTensor(name)).all().ToBoolean()));
        Assert.Equal(File.ReadAllBytes(_folder.File("model/vocab.txt")), File.ReadAllBytes(_folder.File("back/vocab.txt")));
        Assert.All(new[] { "model", "theirs", "back" }, place => Assert.Contains( // other libraries cut by it
            "\"model_max_length\": 6\n", File.ReadAllText(_folder.File($"{place}/tokenizer_config.json")), StringComparison.Ordinal));

        string[] texts = ["--texts", "a red dog", "the green car", "--images", _folder.File("x.png"), "--json", "-s", "train.precision=fp32"];
        File.WriteAllBytes(_folder.File("x.png"), TestImages.Encode(40, 30, SKEncodedImageFormat.Png));
        var ours = CommandRun.Run(["rank", _folder.File("model"), .. texts]);
        var theirs = CommandRun.Run(["rank", _folder.File("theirs"), "-s", "eval.transform=flip", .. texts]);
        Assert.Equal((0, 0), (ours.Code, theirs.Code));
        Assert.Equal(ours.Output, theirs.Output);
    }

    [Fact]
    public void An_onnx_export_prints_how_far_it_is_from_the_model()
    {
        TinyModel.Save(_folder.File("model"));
        var (code, output, _) = CommandRun.Run(["convert", _folder.File("model"), _folder.File("onnx"), "--to", "onnx", "--json"]);
        Assert.Equal(0, code);
        using var result = JsonDocument.Parse(output);
        var differences = result.RootElement.GetProperty("differences").EnumerateArray().ToList();
        Assert.Equal(18, differences.Count);
        Assert.All(differences.Take(6), difference => Assert.InRange(difference.GetProperty("largest").GetDouble(), 0, 1e-4));
        Assert.All(differences, difference => Assert.InRange(difference.GetProperty("cosine").GetDouble(), 0.99, 1.0001));
        Assert.All(
            new[] { "onnx/vision_model.onnx", "onnx/text_model_fp16.onnx", "onnx/model_quantized.onnx", "config.json", "vocab.txt" },
            file => Assert.True(File.Exists(_folder.File($"onnx/{file}")), file));
    }

    [Fact]
    public void An_export_does_not_go_through_a_link_of_its_target()
    {
        TinyModel.Save(_folder.File("model"));
        using var bystander = new Bystander();
        Bystander.LinkTo(bystander.Path, _folder.File("out/onnx"));
        CommandRun.AssertFails(["convert", _folder.File("model"), _folder.File("out"), "--to", "onnx", "--overwrite"], $"{_folder.File("out/onnx")} is a link to '");
        Bystander.LinkTo(bystander.File, _folder.File("out/model.safetensors"));
        Assert.Equal(0, CommandRun.Run(["convert", _folder.File("model"), _folder.File("out"), "--to", "flip", "--overwrite"]).Code);
        Assert.Null(new FileInfo(_folder.File("out/model.safetensors")).LinkTarget);
        bystander.AssertUntouched();
    }

    [Fact]
    public void The_loss_of_a_quantized_export_is_printed_and_others_are_not_written()
    {
        TinyModel.Save(_folder.File("model"));
        var (code, output, _) = CommandRun.Run(["convert", _folder.File("model"), _folder.File("onnx"), "--to", "onnx", "--dtype", "quantized"]);
        Assert.Equal(0, code);
        Assert.Contains("vision_model_quantized.onnx image_embeds: at most ", output, StringComparison.Ordinal);
        Assert.Contains(" from the model; 1 - cosine is ", output, StringComparison.Ordinal);
        Assert.Contains("the best match is the same in ", output, StringComparison.Ordinal);
        Assert.False(File.Exists(_folder.File("onnx/onnx/model.onnx")));
    }

    [Fact]
    public void A_model_without_a_tokenizer_is_exported_and_what_is_assumed_is_said()
    {
        // A CLIPModel reads its feature at the end of a text.
        var source = _folder.File("clip");
        Directory.CreateDirectory(source);
        foreach (var file in new[] { "config.json", "model.safetensors" })
        {
            File.Copy(SharedData.Golden($"openai-clip-tiny/huggingface/{file}"), Path.Combine(source, file));
        }

        var (code, output, error) = CommandRun.Run(["convert", source, _folder.File("onnx"), "--to", "onnx", "--dtype", "fp32"]);
        Assert.True(code == 0, error);
        Assert.Contains("No tokenizer was written", output, StringComparison.Ordinal);
        Assert.Contains("The end of a text is taken to be the largest id, ", output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_tower_that_released_open_clip_lacks_is_told_in_the_output_and_on_the_card()
    {
        TinyModel.Save(_folder.File("model"));
        var (code, output, _) = CommandRun.Run(["convert", _folder.File("model"), _folder.File("theirs"), "--to", "open_clip"]);
        Assert.Equal(0, code);
        Assert.All(
            [output, File.ReadAllText(_folder.File("theirs/README.md"))],
            text => Assert.Contains("its release 3.3.0 does not", text, StringComparison.Ordinal));
        Assert.DoesNotContain("3.3.0", CommandRun.Run(["convert", _folder.File("model"), _folder.File("ours"), "--to", "flip"]).Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_folder_with_files_is_not_written_into_unless_told_to()
    {
        TinyModel.Save(_folder.File("model"));
        Directory.CreateDirectory(_folder.File("full"));
        File.WriteAllText(_folder.File("full/mine.txt"), "mine");
        CommandRun.AssertFails(["convert", _folder.File("model"), _folder.File("full"), "--to", "flip"], "--overwrite");
        Assert.Equal(0, CommandRun.Run(["convert", _folder.File("model"), _folder.File("full"), "--to", "flip", "--overwrite"]).Code);
        Assert.True(File.Exists(_folder.File("full/mine.txt")));
    }

    [Fact]
    public void What_cannot_be_converted_fails_with_one_line()
    {
        TinyModel.Save(_folder.File("model"));
        CommandRun.AssertFails(["convert", _folder.File("model"), _folder.File("a"), "--to", "hf"], "CLIPModel cannot express", "open_clip and onnx can");
        CommandRun.AssertFails(["convert", _folder.File("none"), _folder.File("b"), "--to", "flip"], "no such file or folder");
        CommandRun.AssertFails(["convert", _folder.File("model"), _folder.File("c"), "--to", "onnx", "--dtype", "bf16"], "fp32, fp16, quantized");
        CommandRun.AssertFails(["convert", _folder.File("model"), _folder.File("d"), "--to", "hf", "--dtype", "quantized"], "fp32, fp16, bf16");
        Assert.False(Directory.Exists(_folder.File("a")));
    }

    [Fact]
    public void Inspection_names_format_towers_preset_and_what_is_wrong()
    {
        var (code, output, _) = CommandRun.Run(["inspect", SharedData.Golden("openai-clip-tiny/huggingface"), "--json", "--tensors"]);
        Assert.Equal(0, code);
        using var result = JsonDocument.Parse(output);
        var root = result.RootElement;
        Assert.Equal("Hugging Face CLIPModel", root.GetProperty("format").GetString());
        Assert.Equal(408_769, root.GetProperty("types").GetProperty("F32").GetInt64());
        Assert.Equal("flip-b16-openclip", root.GetProperty("preset").GetString());
        Assert.Contains("model.image.width=64", root.GetProperty("differences").EnumerateArray().Select(item => item.GetString()));
        Assert.Equal(JsonValueKind.Null, root.GetProperty("problem").ValueKind);
        Assert.Equal(78, root.GetProperty("tensors").GetArrayLength());

        TinyModel.Save(_folder.File("model"));
        using (var scope = NewDisposeScope())
        {
            SafetensorsWriter.Write(_folder.File("model/model.safetensors"), [("logitScale", ones(1))]);
        }

        var broken = CommandRun.Run(["inspect", _folder.File("model")]);
        Assert.Contains("missing image.patchEmbedding.weight", broken.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Weights_that_are_no_model_are_listed_on_demand()
    {
        using var scope = NewDisposeScope();
        SafetensorsWriter.Write(_folder.File("x.safetensors"), [("some.table", ones(3, 2))]);
        CommandRun.AssertFails(["inspect", _folder.File("x.safetensors")], "none of the models that Flip knows");
        Assert.Contains("some.table", CommandRun.Run(["inspect", _folder.File("x.safetensors"), "--tensors"]).Output, StringComparison.Ordinal);
    }
}
