using System.Globalization;
using System.Text;
using System.Text.Json;
using Flip.Data.Images;
using Flip.Storage;
using Flip.Tests.Data.Images;
using static Flip.Tests.Cli.CommandRun;

namespace Flip.Tests.Cli.Commands;

[Collection(Alone.Name)]
public sealed class EmbedCommandTests : IDisposable
{
    private readonly ImageFolderFixture _images = new();
    private readonly TemporaryFolder _folder = new();
    private readonly string _model;

    public EmbedCommandTests()
    {
        _model = _folder.File("model");
        TinyModel.Save(_model);
    }

    public void Dispose()
    {
        _images.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void A_folder_a_list_and_the_standard_input_give_the_same_embeddings()
    {
        _images.Add(9);
        File.WriteAllLines(_images.File("list.txt"), Enumerable.Range(0, 9).Select(i => $"{i:D4}.png"));
        var input = string.Join('\n', Enumerable.Range(0, 9).Select(i => _images.File($"{i:D4}.png")));
        var folder = Embed("--images", _images.Path);
        var list = Embed("--images", _images.File("list.txt"));
        var standard = EmbedInput(input, "--images", "-");
        Assert.Equal(9, folder.Keys.Length);
        Assert.Equal(folder.Keys, list.Keys);
        Assert.Equal(folder.Vectors, list.Vectors);
        Assert.Equal(folder.Vectors, standard.Vectors);
        Assert.Equal(input.Split('\n'), standard.Keys);
    }

    [Fact]
    public void The_rules_of_decoding_are_among_what_images_embeddings_depend_on_so_that_older_ones_are_not_taken_for_them()
    {
        _images.Add(2);
        File.WriteAllText(_folder.File("t.txt"), "a red dog");
        Assert.Equal(ImageDecoder.Rules, HeaderOf("--images", _images.Path)["decoding"]);
        Assert.DoesNotContain("decoding", HeaderOf("--texts", _folder.File("t.txt")).Keys);
    }

    [Fact]
    public void The_runtime_changes_embeddings_of_images_by_rounding_and_is_among_what_they_depend_on()
    {
        _images.Add(5);
        string[] fp32 = ["--images", _images.Path, "--precision", "fp32"];
        var onnx = Embed([.. fp32, "--runtime", "onnx"]);
        var libtorch = Embed([.. fp32, "--runtime", "libtorch"]);
        Assert.Equal(libtorch.Keys, onnx.Keys);
        Assert.All(libtorch.Vectors.Zip(onnx.Vectors), pair => Assert.Equal(pair.First, pair.Second, 2e-6));
        Assert.Equal(onnx.Vectors, Embed(fp32).Vectors); // what auto takes
        Assert.Equal("onnx", HeaderOf([.. fp32, "--runtime", "onnx"])["runtime"]);
        Assert.DoesNotContain("runtime", HeaderOf([.. fp32, "--runtime", "libtorch"]).Keys);
        Assert.DoesNotContain("runtime", HeaderOf([.. fp32, "--mask", "masked"]).Keys);
    }

    [Fact]
    public void Images_need_no_tokenizer_and_texts_name_the_missing_one()
    {
        _images.Add(2);
        var before = Embed("--images", _images.Path);
        Array.ForEach([.. Directory.GetFiles(_model, "tokenizer*"), Path.Combine(_model, "vocab.txt")], File.Delete);
        Assert.Equal(before.Vectors, Embed("--images", _images.Path).Vectors);
        File.WriteAllText(_folder.File("t.txt"), "a red dog");
        AssertFails(["embed", _model, "--texts", _folder.File("t.txt"), "--out", _folder.File("t.parquet")], "no tokenizer");
        AssertFails(["rank", _model, "--images", _images.Path, "--texts", "a dog"], "no tokenizer");
    }

    [Fact]
    public void Batch_size_and_mask_are_the_users()
    {
        _images.Add(9);
        var whole = Embed("--images", _images.Path);
        var other = Embed("--images", _images.Path, "--batch-size", "5");
        Assert.All(whole.Vectors.Zip(other.Vectors), pair => Assert.Equal(pair.First, pair.Second, 1e-5f));
        Assert.NotEqual(whole.Vectors, Embed("--images", _images.Path, "--mask", "Masked").Vectors);
        AssertFails(["embed", _model, "--images", _images.Path, "--out", _folder.File("x.parquet"), "--mask-ratio", "0.5"], "--mask Masked");
    }

    [Fact]
    public void Texts_of_any_length_and_kind_are_embedded()
    {
        var longText = string.Join(' ', Enumerable.Repeat("a red dog runs", 50_000));
        File.WriteAllLines(_folder.File("t.txt"), [longText, "a red dog runs a red", "\u0000\u0007 日本 🐕 \uFFFF", "the green car"]);
        var texts = Embed("--texts", _folder.File("t.txt"));
        Assert.Equal(["1", "2", "3", "4"], texts.Keys);
        Assert.Equal(texts.Vectors[..8], texts.Vectors[8..16]); // cut to the six tokens of a row
        Assert.NotEqual(texts.Vectors[..8], texts.Vectors[24..]);
        Assert.Equal(texts.Vectors, EmbedInput(File.ReadAllText(_folder.File("t.txt")), "--texts", "-").Vectors);
    }

    [Fact]
    public void A_bad_image_is_named_or_left_out_and_listed()
    {
        _images.Add(6);
        _images.AddBytes("0002.png", Encoding.ASCII.GetBytes("no image at all"));
        var file = _folder.File("x.parquet");
        string[] command = ["embed", _model, "--images", _images.Path, "--out", file];
        AssertFails(command, "The image '0002.png' cannot be used: not an image");
        Assert.Contains("0 of 6 images are done, and the same command goes on from there; --allow-missing", Run(command).Output, StringComparison.Ordinal);
        var (code, output, _) = Run([.. command, "--allow-missing", "--json"]);
        Assert.Equal(0, code);
        var report = JsonDocument.Parse(output).RootElement;
        Assert.Equal(5, report.GetProperty("count").GetInt32());
        var missing = Assert.Single(report.GetProperty("missing").EnumerateArray());
        Assert.Equal("0002.png", missing.GetProperty("key").GetString());
        Assert.StartsWith("not an image", missing.GetProperty("problem").GetString(), StringComparison.Ordinal);

        var (_, said, _) = Run([.. command, "--allow-missing", "--overwrite"]);
        Assert.Contains("Left out: 0002.png: not an image", said, StringComparison.Ordinal);
        Assert.EndsWith("images/s.", said.TrimEnd(), StringComparison.Ordinal);
        Assert.Contains($"5 images in {file}, 8 numbers each, 1 left out;", said, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_that_is_wrong_is_told_before_the_model_is_loaded()
    {
        _images.Add(1);
        File.WriteAllLines(_images.File("list.txt"), ["0000.png", "none.png"]);
        AssertFails(["embed", "no model", "--images", _images.File("list.txt"), "--out", _folder.File("x.parquet")], "'none.png'", "list.txt, line 2");
        File.WriteAllLines(_images.File("list.txt"), ["0000.png", "0000.png"]);
        AssertFails(["embed", "no model", "--images", _images.File("list.txt"), "--out", _folder.File("x.parquet")], "list.txt, line 2", "line 1 already");
        File.WriteAllText(_folder.File("t.txt"), "");
        AssertFails(["embed", _model, "--texts", _folder.File("t.txt"), "--out", _folder.File("x.parquet")], "empty");
    }

    [Fact]
    public void Options_that_do_not_fit_are_refused()
    {
        _images.Add(1);
        var file = _folder.File("x.parquet");
        AssertFails(["embed", _model, "--out", file], "--images or --texts");
        AssertFails(["embed", _model, "--out", file, "--images", _images.Path, "--texts", "t.txt"], "--images or --texts");
        AssertFails(["embed", _model, "--out", _folder.File("x.npy"), "--images", _images.Path], ".safetensors or .parquet");
        AssertFails(["embed", _model, "--out", file, "--images", _images.Path, "--batch-size", "0"], "eval.batchSize = 0");
        AssertFails(["embed", _images.Path, "--out", file, "--images", _images.Path], "holds no model");
        File.WriteAllText(file, "mine");
        AssertFails(["embed", _model, "--out", file, "--images", _images.Path], "exists");
        Assert.Equal("mine", File.ReadAllText(file));
    }

    [Fact]
    public void Unfinished_work_of_another_model_is_refused()
    {
        _images.Add(5);
        _images.AddBytes("zzzz.png", [1]);
        string[] rest = ["--images", _images.Path, "--out", _folder.File("x.safetensors")];
        AssertFails(["embed", _model, .. rest], "zzzz.png");
        var other = _folder.File("other");
        TinyModel.Save(other, seed: 4);
        AssertFails(["embed", other, .. rest], "unfinished work that cannot be continued: weights was ", "--overwrite");
        AssertFails(["embed", _model, .. rest, "--batch-size", "2"], "batchSize was 64 and is 2");

        _images.Add("zzzz.png", 40);
        AssertFails(["embed", _model, .. rest], "source was ");
        Assert.Equal(0, Run(["embed", _model, .. rest, "--overwrite"]).Code);
    }

    private (string[] Keys, float[] Vectors) Embed(params string[] options) => EmbedInput("", options);

    private IReadOnlyDictionary<string, string> HeaderOf(params string[] options)
    {
        var file = _folder.File("header.safetensors");
        Assert.Equal(0, Run(["embed", _model, "--out", file, "--overwrite", .. options]).Code);
        using var reader = new SafetensorsReader(file);
        return reader.Metadata;
    }

    private (string[] Keys, float[] Vectors) EmbedInput(string input, params string[] options)
    {
        var file = _folder.File(string.Create(CultureInfo.InvariantCulture, $"{Guid.NewGuid():N}.safetensors"));
        var (code, _, error) = Run(["embed", _model, "--out", file, .. options], input);
        Assert.True(code == 0, error);
        using var reader = new SafetensorsReader(file);
        using var keys = reader.ReadTensor("keys");
        return (Encoding.UTF8.GetString(keys.bytes).Split('\n'), reader.ReadFloats("embeddings"));
    }
}
