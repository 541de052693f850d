using Flip.Conversion.Containers;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;
using Map = System.Collections.Generic.Dictionary<object, object?>;

namespace Flip.Tests.Conversion.Containers;

public sealed class ModelTensorsTests : IDisposable
{
    private static readonly string[] Own = ["visual.conv1.weight", "visual.proj", "transformer.resblocks.0.ln_1.weight", "logit_scale"];

    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();
    private readonly List<ITensorSource> _open = [];

    public void Dispose()
    {
        _open.ForEach(file => file.Dispose());
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData("")]
    [InlineData("module.")]
    [InlineData("_orig_mod.")]
    [InlineData("module._orig_mod.")]
    [InlineData("_orig_mod.module.")]
    [InlineData("model.")]
    [InlineData("net.module.")]
    [InlineData("clip.")]
    [InlineData("student.")]
    [InlineData("_forward_module.model.")]
    [InlineData("a name that nobody knows.clip_model.")]
    public void Prefixes_that_all_names_have_are_taken_off_in_every_container(string prefix)
    {
        var names = Own.Select(name => prefix + name).ToList();
        AssertIsModel(OfSafetensors([.. names]));
        AssertIsModel(OfTorch(Tensors(names)));
        foreach (var key in new[] { "state_dict", "model", "model_state_dict", "module", "net", "params", "ema", "network" })
        {
            AssertIsModel(OfTorch(new() { ["epoch"] = 3, [key] = Tensors(names), ["optimizer"] = Tensors(["state.0.exp_avg"]) }));
        }
    }

    [Theory]
    [InlineData("visual._orig_mod.conv1.weight", "visual._orig_mod.proj", "transformer.resblocks.0.ln_1.weight", "logit_scale")]
    [InlineData("module.visual._orig_mod.conv1.weight", "module.visual._orig_mod.proj", "module.transformer.resblocks.0._orig_mod.ln_1.weight", "module.logit_scale")]
    [InlineData("visual.module.conv1.weight", "visual.module.proj", "transformer._fsdp_wrapped_module.resblocks.0._checkpoint_wrapped_module.ln_1.weight", "logit_scale")]
    [InlineData("module.visual.conv1.weight", "module.visual.proj", "transformer.resblocks.0.ln_1.weight", "logit_scale")]
    [InlineData("clip.visual.conv1.weight", "clip.visual.proj", "clip.transformer.resblocks.0.ln_1.weight", "logit_scale")]
    public void Wrapped_layers_and_tensors_outside_the_prefix_belong_to_the_model(params string[] names) => AssertIsModel(OfSafetensors(names));

    [Fact]
    public void What_is_beside_the_model_is_counted_and_named()
    {
        var model = OfSafetensors([.. Own.Select(name => "model." + name), "criterion.weight", "criterion.bias", "head.fc.weight"]);
        AssertIsModel(model);
        Assert.Equal(["Not read: 3 tensors beside the model (criterion.weight, criterion.bias, head.fc)."], model.Notes);
        Assert.Empty(OfSafetensors([.. Own.Select(name => "model." + name)]).Notes);
    }

    [Fact]
    public void What_a_model_has_too_much_stays_to_be_refused() =>
        Assert.Contains("extra.weight", OfSafetensors([.. Own.Select(name => "module." + name), "module.extra.weight"]).Names);

    [Theory]
    [InlineData("model_ema")]
    [InlineData("state_dict_ema")]
    [InlineData("ema")]
    [InlineData("swa_model")]
    public void Averages_alone_are_the_model_and_said(string key)
    {
        var model = OfTorch(new() { ["epoch"] = 1, [key] = Tensors(Own.Select(name => "module." + name)) });
        AssertIsModel(model);
        Assert.Contains($"The weights are '{key}.module', an average over training steps.", model.Notes);
    }

    [Fact]
    public void Of_several_models_the_trained_one_is_taken_and_another_by_its_name()
    {
        Map root = new()
        {
            ["model_ema"] = Tensors(Own.Select(name => "module." + name)),
            ["teacher"] = Tensors(Own),
            ["optimizer"] = Tensors(["w"]),
            ["state_dict"] = Tensors(Own),
        };
        var model = OfTorch(root);
        AssertIsModel(model);
        Assert.Contains(
            "The file holds 3 models: 'state_dict' is read, not 'model_ema.module', 'teacher' (x.pt#model_ema.module names that one).", model.Notes);
        Assert.Contains("Not read: 1 tensors beside the model (optimizer.w).", model.Notes);
        foreach (var part in new[] { "model_ema", "model_ema.module" })
        {
            var average = OfTorch(root, part);
            AssertIsModel(average);
            Assert.Contains("The weights are 'model_ema.module', an average over training steps.", average.Notes);
        }

        var error = Assert.Throws<CheckpointFormatException>(() => OfTorch(root, "ema"));
        Assert.Contains("no model in it is 'ema'; it holds 'state_dict', 'model_ema.module', 'teacher'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Averages_in_one_flat_dictionary_with_the_model_are_another_model()
    {
        var model = OfSafetensors([.. Own, .. Own.Select(name => "ema." + name)]);
        AssertIsModel(model);
        Assert.Contains("The file holds 2 models: the outermost one is read, not 'ema' (x.safetensors#ema names that one).", model.Notes);
    }

    [Fact]
    public void Whole_modules_have_the_names_of_their_state_dict()
    {
        using var archive = ModelTensors.Of(new TorchArchive(SharedData.Golden("torch-archive/module.pt")), null);
        AssertGolden(archive, "logit_scale", "attn_mask", "visual.class_embedding", "visual.conv1.weight");
    }

    /// <summary>The files were written by PyTorch itself, with training.py beside them.</summary>
    [Theory]
    [InlineData("training.pt", 15)]
    [InlineData("legacy.pt", 15)]
    public void Whatever_a_training_stores_beside_the_weights_costs_nothing(string file, int beside)
    {
        using var archive = ModelTensors.Of(new TorchArchive(SharedData.Golden($"torch-archive/{file}")), null);
        AssertGolden(archive, "logit_scale", "visual.class_embedding", "visual.conv1.weight");
        Assert.StartsWith($"Not read: {beside} tensors beside the model (optimizer.state", Assert.Single(archive.Notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_checkpoint_of_Lightning_has_its_model_and_its_average()
    {
        var path = SharedData.Golden("torch-archive/lightning.ckpt");
        using var archive = ModelTensors.Of(new TorchArchive(path), null);
        AssertGolden(archive, "visual.class_embedding", "visual.conv1.weight", "logit_scale");
        using var average = ModelTensors.Of(new TorchArchive(path), "ema");
        Assert.Equal(3.5f, average.ReadTensor("logit_scale").ToSingle());
    }

    [Fact]
    public void NumPys_new_names_are_passed_over_too()
    {
        var scalar = new PickledCall("numpy._core.multiarray", "scalar", [new PickledCall("numpy", "dtype", ["f8", false, true]), "12345678"]);
        AssertIsModel(OfTorch(new() { ["state_dict"] = Tensors(Own), ["optimizer"] = new Map { ["param_groups"] = new List<object?> { new Map { ["lr"] = scalar } } } }));
    }

    [Fact]
    public void Weights_that_are_one_processs_part_are_refused_with_advice()
    {
        Map root = new() { ["module"] = Tensors(Own), ["ds_version"] = "0.14" };
        ((Map)root["module"]!)["visual.conv1.weight"] = TorchFile.Pickled(zeros(0), "1");
        var error = Assert.Throws<CheckpointFormatException>(() => OfTorch(root));
        Assert.Contains("zero_to_fp32.py", error.Message, StringComparison.Ordinal);

        ((Map)root["module"]!)["visual.conv1.weight"] = TorchFile.Pickled(ones(1), "0");
        ((Map)root["module"]!)["visual.proj"] = new PickledModule("torch.distributed.tensor.DTensor", new() { ["_local"] = TorchFile.Pickled(ones(1), "0") });
        error = Assert.Throws<CheckpointFormatException>(() => OfTorch(root));
        Assert.Contains("'module.visual.proj': it is inside an object of 'torch.distributed.tensor.DTensor'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_file_without_a_model_shows_all_its_tensors()
    {
        var tensors = OfSafetensors(["module.a", "b"]);
        Assert.Equal(["module.a", "b"], tensors.Names);
        Assert.Empty(tensors.Notes);
        Assert.Contains("no model", Assert.Throws<CheckpointFormatException>(() => Opened(_open[^1], "module")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Names_made_to_cost_time_do_not()
    {
        var many = Enumerable.Range(0, 200).Select(i => $"m{i}.visual.conv1.weight").ToArray();
        Assert.Contains("200 models", Assert.Throws<CheckpointFormatException>(() => OfSafetensors(many)).Message, StringComparison.Ordinal);
        var deep = string.Concat(Enumerable.Repeat("a.", 100_000)) + "visual.conv1.weight";
        Assert.Equal([deep], OfSafetensors([deep]).Names);
        Assert.Equal(["visual.conv1.weight"], OfSafetensors([".visual.conv1.weight"]).Names);
    }

    private static Map Tensors(IEnumerable<string> names) => names.ToDictionary(name => (object)name, _ => (object?)TorchFile.Pickled(ones(1), "0"));

    private static void AssertIsModel(ModelTensors model)
    {
        Assert.Equal(Own.Order(), model.Names.Order());
        Assert.All(Own, name => Assert.Equal(name, model.Describe(name).Name));
        Assert.All(Own, name => Assert.Equal(1, model.ReadTensor(name).numel()));
    }

    private static void AssertGolden(ModelTensors model, params string[] names)
    {
        Assert.Equal(names, model.Names);
        TorchFile.AssertSame(arange(24, ScalarType.Float32).view(2, 3, 2, 2) / 8, model, "visual.conv1.weight");
        TorchFile.AssertSame(arange(2, ScalarType.Float32), model, "visual.class_embedding");
        Assert.Equal(2.5f, model.ReadTensor("logit_scale").ToSingle());
    }

    private ModelTensors OfSafetensors(string[] names)
    {
        var path = NewFile("x.safetensors");
        SafetensorsWriter.Write(path, names.Select(name => (name, ones(1))));
        return Opened(new SafetensorsReader(path), null);
    }

    private ModelTensors OfTorch(Map root, string? part = null)
    {
        var path = NewFile("x.pt");
        TorchFile.Write(path, PickleWriter.Write(root), [("0", TorchFile.Bytes(ones(1))), ("1", [])]);
        return Opened(new TorchArchive(path), part);
    }

    private ModelTensors Opened(ITensorSource file, string? part)
    {
        _open.Add(file);
        return ModelTensors.Of(file, part);
    }

    /// <summary>In a folder of its own: those before are still open.</summary>
    private string NewFile(string name) => Path.Combine(Directory.CreateDirectory(_folder.File($"{_open.Count}")).FullName, name);
}
