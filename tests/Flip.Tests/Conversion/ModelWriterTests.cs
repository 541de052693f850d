using Flip.Config;
using Flip.Conversion;
using Flip.Models;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion;

public sealed class ModelWriterTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(WeightFormat.OpenClip, WeightFormat.HuggingFace)]
    [InlineData(WeightFormat.HuggingFace, WeightFormat.OpenClip)]
    [InlineData(WeightFormat.Flip, WeightFormat.OpenClip)]
    [InlineData(WeightFormat.OpenClip, WeightFormat.Flip)]
    [InlineData(WeightFormat.Flip, WeightFormat.Flip)]
    public void Clip_weights_come_back_from_any_detour_to_the_last_bit(WeightFormat first, WeightFormat second)
    {
        var source = SharedData.Golden("openai-clip-tiny/huggingface");
        var back = Convert(Convert(Convert(source, first), second), WeightFormat.HuggingFace);
        AssertSameFile(Path.Combine(source, "model.safetensors"), Path.Combine(back, "model.safetensors"));
    }

    [Theory]
    [InlineData("flip-tiny", ClassToken.WithoutPosition)]
    [InlineData("flip-paper-tiny", ClassToken.None)]
    public void Official_FLIP_weights_come_back_from_open_clip_to_the_last_bit(string fixture, ClassToken token)
    {
        var source = SharedData.Golden($"{fixture}/weights.safetensors");
        var ours = Convert(source, WeightFormat.Flip, "model.image.heads=4", "model.text.heads=4");
        var theirs = Convert(ours, WeightFormat.OpenClip);
        var back = Convert(theirs, WeightFormat.Flip);
        AssertSameFile(Path.Combine(ours, "model.safetensors"), Path.Combine(back, "model.safetensors"));
        var model = ModelFolder.LoadConfig(back).Model;
        Assert.Equal(token, model.Image.ClassToken);
        Assert.Equal(ImagePositions.SinCos, model.Image.Positions);
        Assert.Equal(ModelFolder.LoadConfig(ours).Model with { NormEps = 0, LogitScaleClamp = LogitScaleClamp.Parameter }, model with
        {
            Image = model.Image with { MaskRatio = 0.5, PositionResize = PositionResize.Bicubic },
        });
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Every_variant_that_open_clip_can_say_comes_back_equal(string name, string[] sets)
    {
        var ours = NewModel(name, sets);
        var back = Convert(Convert(ours, WeightFormat.OpenClip), WeightFormat.Flip);
        AssertSameFile(Path.Combine(ours, "model.safetensors"), Path.Combine(back, "model.safetensors"));
        var (before, after) = (ModelFolder.LoadConfig(ours).Model, ModelFolder.LoadConfig(back).Model);
        var rule = before.Text.Pooling == TextPooling.EndOfText ? EndOfTextRule.Argmax : EndOfTextRule.Eos; // open_clip's word for the same token
        Assert.Equal(before.Text with { MaskRatio = 0, AttendPadding = true, EndOfText = rule }, after.Text);
        Assert.Equal(before.Activation, after.Activation);
        Assert.Equal(before.LayerNormEps, after.LayerNormEps);
        Assert.Equal(before.Image with { MaskRatio = 0, PositionResize = PositionResize.BicubicAntialias }, after.Image);
    }

    public static TheoryData<string, string[]> Variants() => new()
    {
        { "paper", [] },
        { "learned positions", ["model.image.positions=learned"] },
        { "class token", ["model.image.classToken=withPosition", "model.image.pooling=classToken"] },
        { "clip image tower", ["model.image.classToken=withPosition", "model.image.pooling=classToken", "model.image.preNorm=true", "model.image.patchBias=false"] },
        { "odd ratio", ["model.image.mlpRatio=3.7361", "model.activation=gelu"] },
        { "quick gelu", ["model.activation=quickGelu"] },
        { "causal", ["model.text.causal=true", "model.text.pooling=endOfText", "data.tokenizer=clipBpe", "model.text.attendPadding=false"] },
        { "sigmoid", ["train.loss=sigmoid"] },
        { "clipa", [.. Clipa, "model.text.pooling=lastToken"] },
        { "norm before a mean without the class token", [.. Clipa, "model.image.finalNorm=beforePooling"] },
        { "class token without position outside the mean", ["model.image.classToken=withoutPosition", "model.image.pooling=patchMean"] },
        { "norm after the mean", ["model.image.finalNorm=afterPooling"] },
        { "no norm", ["model.image.finalNorm=none"] },
        { "towers of two kinds", ["model.image.activation=gelu", "model.image.layerNormEps=1e-5"] },
        { "quick gelu beside another", [.. Clipa, "model.image.preNorm=true", "model.image.activation=quickGelu"] },
    };

    private static readonly string[] Clipa =
    [
        "model.image.classToken=withPosition", "model.image.positions=learned", "model.image.pooling=patchMean",
        "model.image.finalNorm=afterPooling", "model.image.patchBias=false", "model.layerNormEps=1e-5", "model.activation=gelu",
    ];

    [Theory]
    [InlineData("eval.transform=squash", "eval.interpolation=bilinear")]
    [InlineData("eval.transform=squash", "eval.interpolation=bicubic")]
    [InlineData("eval.transform=clip", "eval.interpolation=bilinear")]
    [InlineData("model.image.activation=geluTanh", "model.image.layerNormEps=1e-6")]
    public void What_Hugging_Face_can_say_comes_back_from_it(params string[] sets)
    {
        var source = SharedData.Golden("openai-clip-tiny/huggingface");
        using var before = ModelSource.Open(Convert(source, WeightFormat.Flip, sets));
        using var after = ModelSource.Open(Convert(Convert(source, WeightFormat.Flip, sets), WeightFormat.HuggingFace));
        Assert.Equal((before.Config.Eval.Transform, before.Config.Eval.Interpolation), (after.Config.Eval.Transform, after.Config.Eval.Interpolation));
        Assert.Equal(before.Config.Model.ImageBlocks(), after.Config.Model.ImageBlocks());
        Assert.Equal(before.Config.Model.TextBlocks(), after.Config.Model.TextBlocks());
    }

    [Fact]
    public void What_Hugging_Face_cannot_say_is_listed_whole()
    {
        var error = Assert.Throws<ConfigException>(() => Convert(NewModel("paper", []), WeightFormat.HuggingFace));
        foreach (var reason in new[] { "classToken", "pooling", "preNorm", "patchBias", "causal", "open_clip and onnx can" })
        {
            Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Half_precision_is_the_rounded_weight()
    {
        var source = SharedData.Golden("openai-clip-tiny/huggingface");
        using var stored = ModelSource.Open(source);
        var target = _folder.File("half");
        ModelWriter.Write(stored, target, WeightFormat.HuggingFace, null, ScalarType.Float16);
        using var half = new SafetensorsReader(Path.Combine(target, "model.safetensors"));
        using var scope = NewDisposeScope();
        Assert.All(stored.Weights.Names, name => Assert.True(stored.Weights.ReadTensor(name).to(ScalarType.Float16).equal(half.ReadTensor(name)).all().ToBoolean()));
        using var again = ModelSource.Open(target);
        using var model = new FlipModel(again.Config.Model, seed: null, trains: false);
        WeightFile.Load(again.Weights, again.Names, model); // widened on reading
    }

    [Fact]
    public void Missing_unexpected_and_misshapen_tensors_are_listed_together_with_their_shapes()
    {
        using var scope = NewDisposeScope();
        var source = SharedData.Golden("openai-clip-tiny/huggingface");
        var broken = _folder.File("broken");
        Directory.CreateDirectory(broken);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(broken, "config.json"));
        using (var weights = new SafetensorsReader(Path.Combine(source, "model.safetensors")))
        {
            SafetensorsWriter.Write(Path.Combine(broken, "model.safetensors"), [.. weights.Names
                .Where(name => name != "visual_projection.weight")
                .Select(name => (name, name == "text_projection.weight" ? zeros(32, 100) : weights.ReadTensor(name))), ("stranger", zeros(3))]);
        }

        var error = Assert.Throws<CheckpointFormatException>(() => Convert(broken, WeightFormat.Flip));
        Assert.Contains("missing visual_projection.weight [32, 64]", error.Message, StringComparison.Ordinal);
        Assert.Contains("text_projection.weight is [32, 100], expected [32, 128]", error.Message, StringComparison.Ordinal);
        Assert.Contains("unexpected stranger [3]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_weight_that_is_not_a_number_is_an_error_that_names_its_tensor()
    {
        using var scope = NewDisposeScope();
        var ours = NewModel("paper", []);
        var path = Path.Combine(ours, "model.safetensors");
        List<(string, Tensor)> tensors;
        using (var weights = new SafetensorsReader(path))
        {
            tensors = [.. weights.Names.Select(name => (name, weights.ReadTensor(name)))];
        }

        tensors.Single(item => item.Item1 == "text.projection.weight").Item2[3, 1] = float.NaN;
        SafetensorsWriter.Write(path, tensors);
        var error = Assert.Throws<CheckpointFormatException>(() => Convert(ours, WeightFormat.OpenClip));
        Assert.Equal("text.projection.weight", error.Tensor);
        Assert.Contains("1 of ", error.Message, StringComparison.Ordinal);
        using var model = new FlipModel(ModelFolder.LoadConfig(ours).Model);
        Assert.Throws<CheckpointFormatException>(() => WeightFile.Load(path, model));
    }

    [Fact]
    public void Learned_positions_are_resized_where_the_image_size_differs()
    {
        var source = SharedData.Golden("openai-clip-tiny/huggingface");
        var target = Convert(source, WeightFormat.OpenClip, "model.image.imageSize=64");
        using var scope = NewDisposeScope();
        using var before = new SafetensorsReader(Path.Combine(source, "model.safetensors"));
        using var after = new SafetensorsReader(Path.Combine(target, "open_clip_model.safetensors"));
        var expected = PositionEmbedding.Resize(
            before.ReadTensor("vision_model.embeddings.position_embedding.weight"), 1, 8, PositionResize.Bicubic);
        Assert.True(expected.equal(after.ReadTensor("visual.positional_embedding")).all().ToBoolean());
    }

    private string NewModel(string name, string[] sets)
    {
        var config = ConfigReader.Overlay(new FlipConfig
        {
            Model = new()
            {
                Image = new() { ImageSize = 32, PatchSize = 8, Width = 32, Depth = 2, Heads = 4 },
                Text = new() { VocabularySize = 50, Length = 8, Width = 24, Depth = 1, Heads = 2 },
                EmbedDim = 16,
            },
        }, sets);
        var folder = _folder.File(name);
        using var model = new FlipModel(config.Model, config.Train.Loss, seed: 3);
        WeightFile.Save(Path.Combine(folder, "model.safetensors"), model.Parameters);
        File.WriteAllText(Path.Combine(folder, "config.json"), ConfigWriter.ToJson(config));
        return folder;
    }

    private string Convert(string source, WeightFormat format, params string[] sets)
    {
        using var stored = ModelSource.Open(source);
        var target = _folder.File($"{Guid.NewGuid():N}");
        ModelWriter.Write(stored with { Config = ConfigReader.Overlay(stored.Config, sets) }, target, format, tokenizer: null);
        return target;
    }

    private static void AssertSameFile(string expected, string actual)
    {
        using var scope = NewDisposeScope();
        using var first = new SafetensorsReader(expected);
        using var second = new SafetensorsReader(actual);
        Assert.Equal(first.Names.Order(), second.Names.Order());
        Assert.All(first.Names, name => Assert.True(first.ReadTensor(name).equal(second.ReadTensor(name)).all().ToBoolean(), name));
    }
}
