using Flip.Config;
using Flip.Conversion;
using Flip.Models;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion;

/// <summary>openai/CLIP's own outputs (tests/Golden/openai-clip-tiny) from the same weights under every naming.</summary>
public sealed class ClipParityTests
{
    private const double EmbeddingTolerance = 2e-5;
    private const double LogitTolerance = 1e-4;

    [Fact]
    public void Hugging_Face_weights_give_the_reference_outputs() =>
        AssertOutputs(SharedData.Golden("openai-clip-tiny/huggingface"), "outputs", []);

    [Fact]
    public void open_clip_weights_give_the_reference_outputs() =>
        AssertOutputs(OpenClipFolder(), "outputs", []);

    [Fact]
    public void OpenAI_weights_give_the_reference_outputs_once_their_heads_are_told() => AssertOutputs(
        SharedData.Require("parity/openai-clip-tiny/openai.safetensors"), "outputs", ["model.image.heads=2", "model.text.heads=4"]);

    [Fact]
    public void OpenAI_weights_alone_get_the_heads_of_OpenAI_loader_and_say_so()
    {
        var path = SharedData.Require("parity/openai-clip-tiny/openai.safetensors");
        AssertOutputs(path, "outputs.openai-heads", []);
        using var stored = ModelSource.Open(path);
        Assert.Contains(stored.Assumptions, said => said.Text.Contains("model.image.heads=1", StringComparison.Ordinal));
        Assert.Contains(stored.Assumptions, said => said.Text.Contains("model.text.heads=2", StringComparison.Ordinal));
        Assert.Equal(Activation.QuickGelu, stored.Config.Model.Activation);
    }

    [Fact]
    public void The_same_weights_without_OpenAI_scalars_are_an_open_clip_checkpoint_with_gelu()
    {
        using var stored = ModelSource.Open(SharedData.Require("parity/openai-clip-tiny/open_clip_model.safetensors"));
        Assert.Equal("open_clip checkpoint", stored.Format);
        Assert.Equal(Activation.Gelu, stored.Config.Model.Activation);
        Assert.Contains(stored.Assumptions, said => said.Text.Contains("model.activation=gelu ", StringComparison.Ordinal));
    }

    [Fact]
    public void A_dropped_detail_would_be_seen()
    {
        using var scope = NewDisposeScope();
        var (image, _, _) = Run(SharedData.Golden("openai-clip-tiny/huggingface"), ["model.activation=gelu"]);
        using var expected = Open("outputs");
        Assert.True(Difference(image, expected.ReadTensor("image_embeds")) > 10 * EmbeddingTolerance);
    }

    /// <summary>A folder as open_clip has them, put together from the fixture's two files.</summary>
    internal static string OpenClipFolder() =>
        Path.GetDirectoryName(SharedData.Require("parity/openai-clip-tiny/open_clip_config.json"))!;

    private static void AssertOutputs(string path, string outputs, string[] sets)
    {
        using var scope = NewDisposeScope();
        var (image, text, factor) = Run(path, sets);
        using var expected = Open(outputs);
        Assert.InRange(Difference(image, expected.ReadTensor("image_embeds")), 0, EmbeddingTolerance);
        Assert.InRange(Difference(text, expected.ReadTensor("text_embeds")), 0, EmbeddingTolerance);
        Assert.InRange(Difference(image.mm(text.t()) * factor, expected.ReadTensor("logits_per_image")), 0, LogitTolerance);
    }

    private static (Tensor Image, Tensor Text, Tensor Factor) Run(string path, string[] sets)
    {
        using var stored = ModelSource.Open(path);
        using var model = new FlipModel(ConfigReader.Overlay(stored.Config, sets).Model, seed: null, trains: false);
        WeightFile.Load(stored.Weights, stored.Names, model);
        using var noGrad = no_grad();
        using var inputs = Open("inputs");
        var ids = inputs.ReadTensor("input_ids").to(ScalarType.Int64);
        var images = inputs.ReadTensor("pixel_values").permute(0, 2, 3, 1).contiguous();
        return (model.EncodeImage(images), model.EncodeText(ids, ids.argmax(1) + 1), model.LogitFactor().clone());
    }

    private static double Difference(Tensor actual, Tensor expected) => (actual - expected).abs().max().ToSingle();

    private static SafetensorsReader Open(string file) => new(
        file == "outputs.openai-heads"
            ? SharedData.Require($"parity/openai-clip-tiny/{file}.safetensors")
            : SharedData.Golden($"openai-clip-tiny/{file}.safetensors"));
}
