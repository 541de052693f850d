using Flip.Config;
using Flip.Conversion;
using Flip.Storage;
using Flip.Tests.Conversion.Containers;
using Flip.Tests.Conversion.Onnx;
using TorchSharp;
using static TorchSharp.torch;
using Map = System.Collections.Generic.Dictionary<object, object?>;

namespace Flip.Tests.Conversion.Formats;

/// <summary>Weights without a configuration, as trainings leave them: the same model, and all that had to be assumed is said.</summary>
public sealed class StateDictFormatTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    [InlineData("_orig_mod.")]
    [InlineData("module._orig_mod.")]
    [InlineData("model.")]
    public void A_training_checkpoint_of_PyTorch_is_the_same_model(string prefix)
    {
        var (source, path) = (SharedData.Golden("openai-clip-tiny/huggingface"), _folder.File("epoch_3.pt"));
        using (var stored = ModelSource.Open(source))
        {
            ModelWriter.Write(stored, _folder.File("open_clip"), WeightFormat.OpenClip, tokenizer: null);
        }

        SaveTraining(path, Tensors(_folder.File("open_clip")).Select(item => (prefix + item.Name, item.Tensor)));
        using var archive = ModelSource.Open(path);
        Assert.Equal("open_clip checkpoint", archive.Format);
        AssertSameWeights(source, archive);
    }

    [Fact]
    public void PyTorch_files_in_numbered_parts_are_the_same_model_with_an_index_and_without()
    {
        var source = SharedData.Golden("openai-clip-tiny/huggingface");
        var folder = _folder.File("parts");
        Directory.CreateDirectory(folder);
        File.Copy(Path.Combine(source, "config.json"), Path.Combine(folder, "config.json"));
        using (var weights = new SafetensorsReader(Path.Combine(source, "model.safetensors")))
        {
            var map = weights.Names.Select((name, i) => (Name: name, File: $"pytorch_model-0000{(i % 2) + 1}-of-00002.bin")).ToList();
            foreach (var part in map.GroupBy(entry => entry.File))
            {
                TorchFile.Save(Path.Combine(folder, part.Key), part.Select(entry => ("_orig_mod." + entry.Name, weights.ReadTensor(entry.Name))));
            }

            File.WriteAllText(
                Path.Combine(folder, "pytorch_model.bin.index.json"),
                System.Text.Json.JsonSerializer.Serialize(new { weight_map = map.ToDictionary(entry => "_orig_mod." + entry.Name, entry => entry.File) }));
        }

        using (var indexed = ModelSource.Open(folder))
        {
            AssertSameWeights(source, indexed);
        }

        File.Delete(Path.Combine(folder, "pytorch_model.bin.index.json"));
        using (var numbered = ModelSource.Open(folder))
        {
            AssertSameWeights(source, numbered);
        }

        File.Delete(Path.Combine(folder, "pytorch_model-00002-of-00002.bin"));
        var error = Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(folder));
        Assert.Contains("files of 2 are missing: pytorch_model-00002-of-00002.bin", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(new long[0])]
    [InlineData(new long[] { 1 })]
    [InlineData(new long[] { 1, 1 })]
    public void A_logit_scale_of_any_shape_of_one_number_is_it(long[] shape)
    {
        var path = _folder.File("x.safetensors");
        SafetensorsWriter.Write(path, Tensors(OpenClip(TinyModels.Clip)).Select(item => (item.Name, item.Name == "logit_scale" ? item.Tensor.reshape(shape) : item.Tensor)));
        using var stored = ModelSource.Open(path);
        using var model = stored.LoadModel(ConfigReader.Overlay(stored.Config, ["model.image.heads=2", "model.text.heads=3"]));
        using var expected = TinyModels.Make(TinyModels.Clip);
        Assert.Equal(expected.LogitScale.Master.ToSingle(), model.LogitScale.Master.ToSingle());
        ModelWriter.Write(stored, _folder.File("out"), WeightFormat.OpenClip, tokenizer: null);
        using var written = new SafetensorsReader(_folder.File("out/open_clip_model.safetensors"));
        Assert.Empty(written.Describe("logit_scale").Shape);
    }

    [Fact]
    public void A_logit_scale_of_two_numbers_is_refused()
    {
        var path = _folder.File("x.safetensors");
        SafetensorsWriter.Write(path, Tensors(OpenClip(TinyModels.Clip)).Select(item => (item.Name, item.Name == "logit_scale" ? ones(2) : item.Tensor)));
        using var stored = ModelSource.Open(path);
        var error = Assert.Throws<CheckpointFormatException>(() => stored.LoadModel(stored.Config));
        Assert.Contains("logit_scale is [2], expected []", error.Message, StringComparison.Ordinal);
    }

    public static TheoryData<string, string[], string[]> Trunks() => new()
    {
        { "FLIP of the paper", [], [] },
        { "learned positions", ["model.image.positions=learned"], [] },
        { "class token", ["model.image.classToken=withPosition", "model.image.pooling=classToken", "model.image.positions=learned"], [] },
        { "class token without position", ["model.image.classToken=withoutPosition", "model.image.pooling=classToken", "model.image.positions=learned"], [] },
        { "official FLIP", ["model.image.classToken=withoutPosition"], [] },
        { "a mean with a class token", ["model.image.classToken=withPosition", "model.image.positions=learned"], ["model.image.pooling=mean"] },
        { "LayerNorm before", ["model.image.preNorm=true", "model.image.patchBias=false"], [] },
    };

    [Theory]
    [MemberData(nameof(Trunks))]
    public void A_tower_of_timm_in_a_training_checkpoint_is_the_same_model(string what, string[] variant, string[] told)
    {
        var config = ConfigReader.Overlay(
            new FlipConfig { Model = TinyModels.Paper with { Activation = Activation.Gelu, NormEps = 0, LogitScaleClamp = LogitScaleClamp.Parameter } }, variant).Model;
        var path = _folder.File("epoch_1.pt");
        SaveTraining(path, Tensors(OpenClip(config)).Select(item => ("module." + item.Name, item.Tensor)));
        using var stored = ModelSource.Open(path);
        Assert.Equal(config.Image.PreNorm ? null : 1e-6, stored.Config.Model.Image.LayerNormEps); // timm's; its CLIP towers have CLIP's
        string[] text = ["model.text.causal=false", "model.text.pooling=firstToken"];
        string[] rest = ["model.image.heads=2", "model.text.heads=3", "model.layerNormEps=1e-6", "model.image.normalization=imageNet", "data.tokenizer=wordPiece"];
        using var model = stored.LoadModel(ConfigReader.Overlay(stored.Config, [.. text, .. rest, .. told]));
        using var expected = TinyModels.Make(config);
        using var noGrad = no_grad();
        var images = (rand(3, 16, 16, 3) * 255).to(ScalarType.Byte);
        Assert.True((model.EncodeImage(images) - expected.EncodeImage(images)).abs().max().ToSingle() < 1e-6, what);
        var (tokens, lengths) = (randint(0, 30, [3, 8], ScalarType.Int64), full(3, 8, ScalarType.Int64));
        Assert.True((model.EncodeText(tokens, lengths) - expected.EncodeText(tokens, lengths)).abs().max().ToSingle() < 1e-6, what);
    }

    [Theory]
    [InlineData(384, 6, 512, 8)]
    [InlineData(768, 12, 512, 8)]
    [InlineData(896, 14, 640, 10)]
    [InlineData(1024, 16, 768, 12)]
    [InlineData(1152, 16, 1152, 16)]
    [InlineData(1280, 16, 1024, 16)]
    [InlineData(1408, 16, 1024, 16)]
    [InlineData(1664, 16, 1280, 20)]
    [InlineData(1792, 16, 1280, 20)]
    public void Heads_are_those_of_published_models_of_the_width(int imageWidth, int imageHeads, int textWidth, int textHeads)
    {
        // Only the tensors that sizes are read off: whole ones of these widths would take minutes.
        var path = _folder.File("x.safetensors");
        SafetensorsWriter.Write(path,
        [
            ("visual.conv1.weight", zeros(imageWidth, 3, 2, 2)), ("visual.class_embedding", zeros(imageWidth)), ("visual.positional_embedding", zeros(5, imageWidth)),
            ("visual.transformer.resblocks.0.mlp.c_fc.weight", zeros(8, 1)), ("token_embedding.weight", zeros(9, 1)), ("positional_embedding", zeros(7, 1)),
            ("ln_final.weight", zeros(textWidth)), ("transformer.resblocks.0.mlp.c_fc.weight", zeros(8, 1)), ("text_projection", zeros(1, 4)),
        ]);
        using var stored = ModelSource.Open(path);
        Assert.Equal((imageHeads, textHeads), (stored.Config.Model.Image.Heads, stored.Config.Model.Text.Heads));
        Assert.Contains(stored.Assumptions, said => said.Text.Contains($"model.image.heads={imageHeads} ", StringComparison.Ordinal));
    }

    /// <summary>A new setting of the model must be among these or be said.</summary>
    [Theory]
    [InlineData("CLIP")]
    [InlineData("CLIPA")]
    [InlineData("SigLIP")]
    [InlineData("official FLIP")]
    public void Everything_that_no_tensor_tells_is_said_with_its_setting(string kind)
    {
        string[] inTheTensors =
        [
            "imageSize", "patchSize", "width", "depth", "mlpRatio", "classToken", "positions", "positionGrid", "patchBias", "preNorm", "vocabularySize", "length", "embedDim",
            "projection", "projectionBias",
        ];
        string[] ofTrainingAlone = ["maskRatio", "maskKind", "finalMaskRatio", "logitScaleInit", "normEps", "reconstruction"];
        string[] withoutMeaning = kind switch
        {
            "CLIP" => ["model.image.finalNorm"], // of a class token it is the same before and after
            "CLIPA" or "SigLIP" => ["model.text.endOfText", "model.text.eosTokenId"], // the feature is not read there
            _ => ["model.text.endOfText", "model.text.eosTokenId", "model.image.positionResize"], // positions are a formula
        };
        string[] ofData = kind switch
        {
            "CLIP" => ["data.tokenizer", "data.clipMarkers", "data.textCleaning"],
            "CLIPA" => ["data.tokenizer", "data.wordPieceMarkers", "data.textCleaning"],
            "SigLIP" => ["data.tokenizer", "data.textCleaning"],
            _ => ["data.tokenizer"],
        };
        var ofModel = SettingCatalog.Flip.All.Select(setting => setting.Key).Where(key => key.StartsWith("model.", StringComparison.Ordinal)
            && !inTheTensors.Concat(ofTrainingAlone).Any(part => key.EndsWith("." + part, StringComparison.Ordinal) || key.Contains($".{part}.", StringComparison.Ordinal)));
        using var stored = ModelSource.Open(kind switch
        {
            "CLIP" => Bare(OpenClip(TinyModels.Clip)),
            "CLIPA" => Bare(SharedData.Golden("clipa-tiny")),
            "SigLIP" => Bare(SharedData.Golden("siglip-tiny")),
            _ => SharedData.Golden("flip-tiny/weights.safetensors"),
        });
        Assert.Equal(
            [.. ofModel.Except(withoutMeaning).Concat(ofData).Concat(["eval.transform", "eval.interpolation"]).Order()],
            stored.Assumptions.SelectMany(assumed => assumed.Settings).Order());
        foreach (var assumed in stored.Assumptions)
        {
            var said = assumed.Text.Split(' ')[1];
            Assert.StartsWith(assumed.Settings[0] + "=", said, StringComparison.Ordinal);
            Assert.Equal(stored.Config, ConfigReader.Overlay(stored.Config, [said])); // what is said is what is set
        }
    }

    [Theory]
    [InlineData("clipa-tiny")]
    [InlineData("siglip-tiny")]
    public void A_model_without_its_configuration_is_the_same_model(string golden)
    {
        using var whole = ModelSource.Open(SharedData.Golden(golden));
        using var bare = ModelSource.Open(Bare(SharedData.Golden(golden)));
        var told = ConfigReader.Overlay(bare.Config, ["model.image.heads=2", "model.text.heads=2"]);
        Assert.Equal(whole.Config.Model, told.Model);
        Assert.Equal(whole.Config.Eval, told.Eval);
    }

    [Fact]
    public void A_text_tower_of_another_library_is_said()
    {
        var path = _folder.File("x.safetensors");
        SafetensorsWriter.Write(path, [("visual.trunk.pos_embed", zeros(1)), ("visual.trunk.patch_embed.proj.weight", zeros(1)), ("text.transformer.embeddings.word_embeddings.weight", zeros(1))]);
        Assert.Contains("text tower is not CLIP's", Assert.Throws<CheckpointFormatException>(() => ModelSource.Open(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void One_of_several_models_in_a_file_is_named_behind_a_mark()
    {
        var tensors = Tensors(OpenClip(TinyModels.Clip)).ToList();
        var path = _folder.File("epoch#1.pt");
        TorchFile.SaveTree(path, new Map { ["model_ema"] = Tree(tensors, plus: 1), ["state_dict"] = Tree(tensors, plus: 0) });
        using var raw = ModelSource.Open(path);
        using var average = ModelSource.Open(path + "#model_ema");
        var weight = tensors.Single(item => item.Name == "visual.proj").Tensor;
        Assert.True(raw.Weights.ReadTensor("visual.proj").equal(weight).all().ToBoolean());
        Assert.True(average.Weights.ReadTensor("visual.proj").equal(weight + 1).all().ToBoolean());
        Assert.Contains(raw.Assumptions, said => said.Text.Contains("'state_dict' is read, not 'model_ema'", StringComparison.Ordinal));
        Assert.Contains(average.Assumptions, said => said.Text.Contains("an average over training steps", StringComparison.Ordinal));
    }

    /// <summary>The weights of a folder without the configuration beside them.</summary>
    private string Bare(string folder)
    {
        var path = _folder.File("bare.safetensors");
        File.Copy(Path.Combine(folder, "open_clip_model.safetensors"), path);
        return path;
    }

    private static Map Tree(List<(string Name, Tensor Tensor)> tensors, float plus) =>
        tensors.ToDictionary(item => (object)item.Name, item => (object?)(item.Tensor + plus));

    private static IEnumerable<(string Name, Tensor Tensor)> Tensors(string folder)
    {
        using var weights = new SafetensorsReader(Path.Combine(folder, "open_clip_model.safetensors"));
        foreach (var name in weights.Names)
        {
            yield return (name, weights.ReadTensor(name));
        }
    }

    /// <summary>As open_clip saves an epoch: an optimiser whose rate is a NumPy scalar.</summary>
    private static void SaveTraining(string path, IEnumerable<(string Name, Tensor Tensor)> weights) => TorchFile.SaveTree(path, new Map
    {
        ["epoch"] = 3,
        ["name"] = "a-run",
        ["state_dict"] = weights.ToDictionary(item => (object)item.Name, item => (object?)item.Tensor),
        ["optimizer"] = new Map
        {
            ["state"] = new Map { [0] = new Map { ["exp_avg"] = zeros(3) } },
            ["param_groups"] = new List<object?>
            {
                new Map { ["lr"] = new PickledCall("numpy.core.multiarray", "scalar", [new PickledCall("numpy", "dtype", ["f8", false, true]), "12345678"]) },
            },
        },
    });

    private string OpenClip(ModelConfig config)
    {
        var (own, target) = (_folder.File($"{Guid.NewGuid():N}"), _folder.File($"{Guid.NewGuid():N}"));
        using (var model = TinyModels.Make(config))
        {
            WeightFile.Save(Path.Combine(own, "model.safetensors"), model.Parameters);
        }

        var tokenizer = config.Text.Pooling == TextPooling.EndOfText ? TokenizerKind.ClipBpe : TokenizerKind.WordPiece;
        File.WriteAllText(Path.Combine(own, "config.json"), ConfigWriter.ToJson(new FlipConfig { Model = config, Data = new() { Tokenizer = tokenizer } }));
        using var stored = ModelSource.Open(own);
        ModelWriter.Write(stored, target, WeightFormat.OpenClip, tokenizer: null);
        return target;
    }

    private static void AssertSameWeights(string source, StoredModel stored)
    {
        using var folder = new TemporaryFolder();
        ModelWriter.Write(stored, folder.File("back"), WeightFormat.HuggingFace, tokenizer: null);
        using var first = new SafetensorsReader(Path.Combine(source, "model.safetensors"));
        using var second = new SafetensorsReader(folder.File("back/model.safetensors"));
        Assert.All(first.Names, name => Assert.True(first.ReadTensor(name).equal(second.ReadTensor(name)).all().ToBoolean()));
    }
}
