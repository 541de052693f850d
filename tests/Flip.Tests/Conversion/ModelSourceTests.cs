using Flip.Config;
using Flip.Conversion;
using Flip.Models;
using Flip.Storage;
using Flip.Tests.Models;
using Flip.Tokenizers;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion;

public sealed class ModelSourceTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("flip-tiny")]
    [InlineData("flip-paper-tiny")]
    public void Official_FLIP_weights_give_the_reference_outputs(string name)
    {
        using var fixture = new OfficialFlipFixture(name);
        using var stored = ModelSource.Open(SharedData.Golden($"{name}/weights.safetensors"));
        Assert.Equal("official FLIP (Flax)", stored.Format);
        Assert.Contains(stored.Assumptions, said => said.Text.Contains("model.image.heads=1", StringComparison.Ordinal));
        Assert.Equal(EvalTransform.FlipTensorFlow, stored.Config.Eval.Transform);
        using var model = new FlipModel(
            ConfigReader.Overlay(stored.Config, ["model.image.heads=4", "model.text.heads=4"]).Model, seed: null, trains: false);
        WeightFile.Load(stored.Weights, stored.Names, model);
        using var noGrad = no_grad();
        Assert.InRange(Difference(model.EncodeImage(fixture.Images), fixture.Output("unmasked/image_embedding")), 0, 2e-6);
        Assert.InRange(Difference(model.EncodeText(fixture.Tokens, fixture.Lengths), fixture.Output("text_embedding")), 0, 2e-6);
    }

    // As CLIPModel has it: 2 stands for the largest id, any other id for its first place.
    [Theory]
    [InlineData("299", 4)]
    [InlineData("250", 2)]
    [InlineData("2", 4)]
    [InlineData("17", 0)]
    [InlineData("49407", 6)] // no row of the table: not meant, so the last token
    [InlineData("null", 6)]
    public void A_Hugging_Face_text_ends_where_its_configuration_says(string eos, int position)
    {
        var folder = _folder.File("model");
        Directory.CreateDirectory(folder);
        var source = SharedData.Golden("openai-clip-tiny/huggingface");
        File.Copy(Path.Combine(source, "model.safetensors"), Path.Combine(folder, "model.safetensors"));
        File.WriteAllText(Path.Combine(folder, "config.json"), File.ReadAllText(Path.Combine(source, "config.json"))
            .Replace("\"eos_token_id\": 299", $"\"eos_token_id\": {eos}", StringComparison.Ordinal));
        using var stored = ModelSource.Open(folder);
        var row = tensor(new long[] { 298, 5, 250, 7, 299, 9, 299, 0, 0, 0, 0, 0, 0, 0, 0, 0 }).view(1, -1);

        Tensor Embed(FlipConfig config, long length)
        {
            using var model = stored.LoadModel(config);
            using var noGrad = no_grad();
            return model.EncodeText(row, tensor(new[] { length }));
        }

        var last = stored.Config with
        {
            Model = stored.Config.Model with { Text = stored.Config.Model.Text with { EndOfText = EndOfTextRule.Eos, EosTokenId = null } },
        };
        Assert.Equal(0, Difference(Embed(stored.Config, 7), Embed(last, position + 1)));
    }

    [Fact]
    public void Official_weights_with_other_image_positions_are_refused()
    {
        var path = _folder.File("weights.safetensors");
        using (var weights = new SafetensorsReader(SharedData.Golden("flip-tiny/weights.safetensors")))
        {
            SafetensorsWriter.Write(path, weights.Names.Select(name =>
                (name, name.Contains("img_encoder/posembed", StringComparison.Ordinal) ? weights.ReadTensor(name).flip(2) : weights.ReadTensor(name))));
        }

        Assert.Contains("fixed sine-cosine table", Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_folder_of_something_else_is_gets_said()
    {
        var other = _folder.File("bert");
        Directory.CreateDirectory(other);
        File.WriteAllText(Path.Combine(other, "config.json"), """{ "model_type": "bert" }""");
        SafetensorsWriter.Write(Path.Combine(other, "model.safetensors"), [("x", zeros(1))]);
        Assert.Contains("model_type is 'bert'", Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(other)).Message, StringComparison.Ordinal);

        SafetensorsWriter.Write(_folder.File("x.safetensors"), [("visual.layer1.0.conv1.weight", zeros(1))]);
        Assert.Contains("ResNet", Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(_folder.File("x.safetensors"))).Message, StringComparison.Ordinal);
        Assert.Contains("no such file", Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(_folder.File("none"))).Message, StringComparison.Ordinal);
        Assert.Contains("holds no model", Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_model_that_is_only_used_holds_no_gradients_and_computes_the_same()
    {
        Cli.TinyModel.Save(_folder.File("model"));
        using var used = ModelSource.Load(_folder.File("model"));
        using var trained = ModelSource.Load(_folder.File("model"), trains: true);
        Assert.Equal(0, used.Model.Parameters.Gradient.numel());
        Assert.Equal(trained.Model.Parameters.Count, trained.Model.Parameters.Gradient.numel());
        var pixels = new byte[2 * used.Config.Model.Image.ImageSize * used.Config.Model.Image.ImageSize * 3];
        Assert.Equal(new InferenceEncoder(trained.Model).EncodeImages(pixels, 2), new InferenceEncoder(used.Model).EncodeImages(pixels, 2));
    }

    [Fact]
    public void A_vocabulary_that_the_user_names_replaces_a_missing_tokenizer()
    {
        Cli.TinyModel.Save(_folder.File("model"));
        File.Move(_folder.File("model/vocab.txt"), _folder.File("vocab.txt"));
        Directory.EnumerateFiles(_folder.File("model"), "tokenizer*").ToList().ForEach(File.Delete);
        using (var without = ModelSource.Load(_folder.File("model")))
        {
            Assert.Throws<VocabularyException>(() => without.Tokenizer); // only who asks needs it
        }

        using var loaded = ModelSource.Load(
            _folder.File("model"), stored => ConfigReader.Overlay(stored, [$"data.vocabulary={_folder.File("vocab.txt")}"]));
        Assert.Equal(loaded.Config.Model.Text.VocabularySize, loaded.Tokenizer.VocabularySize);
    }

    private static double Difference(Tensor actual, Tensor expected) => (actual - expected).abs().max().ToSingle();
}
