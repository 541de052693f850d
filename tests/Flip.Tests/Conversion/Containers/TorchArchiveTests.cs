using System.IO.Compression;
using Flip.Conversion.Containers;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Containers;

public sealed class TorchArchiveTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    private string Path => _folder.File("model.pt");

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Theory]
    [InlineData(CompressionLevel.NoCompression)]
    [InlineData(CompressionLevel.Optimal)]
    public void Every_type_and_shape_comes_back_as_it_was(CompressionLevel compression)
    {
        var tensors = new (string Name, Tensor Tensor)[]
        {
            ("bool", tensor(new[] { true, false, true })),
            ("u8", tensor(new byte[] { 0, 255, 7 })),
            ("i8", tensor(new sbyte[] { -128, 127 })),
            ("i16", tensor(new short[] { -3, 4 })),
            ("i32", tensor(new[] { int.MinValue, 5 })),
            ("i64", tensor(new[] { long.MinValue, 6L })),
            ("f16", randn(2, 3).to(ScalarType.Float16)),
            ("bf16", randn(3, 2).to(ScalarType.BFloat16)),
            ("f32", randn(2, 3, 4)),
            ("f64", randn(5, ScalarType.Float64)),
            ("scalar", tensor(1.5f)),
            ("nan", tensor(float.NaN)),
            ("empty", zeros(0, 4)),
            ("long", randn(300, 301)),
            ("name with \"quotes\" and ä/ö", ones(1)),
        };
        TorchFile.Save(Path, tensors, compression);
        using var archive = new TorchArchive(Path);
        Assert.Equal(tensors.Select(item => item.Name), archive.Names);
        Assert.All(tensors, item => TorchFile.AssertSame(item.Tensor, archive, item.Name));
        Assert.Contains("'zzz'", Assert.Throws<CheckpointFormatException>(() => archive.ReadTensor("zzz")).Message, StringComparison.Ordinal);
    }

    /// <summary>
    /// The files were made by CPython 3.11's own pickle and zipfile modules, with modules of torch's names whose tensors reduce to what
    /// torch's do (torch._utils._rebuild_tensor_v2 and _rebuild_parameter, storages as persistent identifiers): a training checkpoint with a
    /// state dict of DistributedDataParallel, views into one storage (24 floats, i/2), optimiser state and plain values.
    /// </summary>
    [Theory]
    [InlineData("protocol2.pt")]
    [InlineData("protocol4.pt")]
    public void A_training_checkpoint_that_pythons_pickle_wrote_is_read(string file)
    {
        using var archive = new TorchArchive(SharedData.Golden($"torch-archive/{file}"));
        var all = arange(24, ScalarType.Float32) * 0.5f;
        var expected = new Dictionary<string, Tensor>
        {
            ["weight"] = all.view(4, 6),
            ["transposed"] = all.view(4, 6).t(),
            ["block"] = all.view(4, 6)[1..3, 2..5],
            ["parameter"] = tensor(new[] { 1f, -2, 0.25f }).to(ScalarType.Float16),
            ["bf16"] = tensor(new[] { 1f, -3, 0.5f }).to(ScalarType.BFloat16).view(3, 1),
            ["steps"] = tensor(-(1L << 40)),
            ["mask"] = tensor(new[] { true, false }),
            ["empty"] = zeros(0, 5, ScalarType.Float64),
        };
        const string prefix = "state_dict.module.";
        Assert.Equal(expected.Keys, archive.Names.Where(name => name.StartsWith("state_dict.", StringComparison.Ordinal)).Select(name => name[prefix.Length..]));
        Assert.All(expected, pair => TorchFile.AssertSame(pair.Value, archive, prefix + pair.Key));
    }

    [Fact]
    public void Openais_tensors_come_back_to_the_bit()
    {
        using var original = new SafetensorsReader(SharedData.Require("parity/openai-clip-tiny/openai.safetensors"));
        TorchFile.Save(Path, original.Names.Select(name => (name, original.ReadTensor(name))));
        using var archive = new TorchArchive(Path);
        Assert.Equal(original.Names, archive.Names);
        Assert.All(original.Names, name => TorchFile.AssertSame(original.ReadTensor(name), archive, name));
    }

    [Fact]
    public void Views_with_any_strides_are_read_as_libtorch_reads_them()
    {
        var storage = arange(240, ScalarType.Float32);
        var views = new Dictionary<string, Tensor>
        {
            ["later"] = storage[200..240],
            ["permuted"] = storage.view(4, 5, 12).permute(2, 0, 1),
            ["column"] = storage.view(20, 12)[.., 3..4],
            ["every other"] = storage.view(4, 5, 12)[.., TensorIndex.Slice(0, 5, 2), TensorIndex.Slice(1, null, 3)],
            ["first again"] = storage[..7],
            ["windows"] = storage.as_strided([10, 4], [3, 2], 11),
            ["one"] = storage.as_strided([1, 3, 1], [99999, 7, 12345678901], 5),
        };
        var root = views.ToDictionary(pair => (object)pair.Key, pair => (object?)new PickledTensor(
            "FloatStorage", "0", 240, pair.Value.storage_offset(), pair.Value.shape, pair.Value.stride()));
        TorchFile.Write(Path, PickleWriter.Write(root), [("0", TorchFile.Bytes(storage))]);
        using var archive = new TorchArchive(Path);
        Assert.All(views, pair => TorchFile.AssertSame(pair.Value, archive, pair.Key));
        Assert.All(views.Reverse(), pair => TorchFile.AssertSame(pair.Value, archive, pair.Key));
    }

    [Fact]
    public void Several_threads_read_at_once()
    {
        var tensors = Enumerable.Range(0, 8).Select(i => ($"t{i}", randn(200, 100))).ToArray();
        TorchFile.Save(Path, tensors, CompressionLevel.Fastest);
        using var archive = new TorchArchive(Path);
        Parallel.For(0, 64, i => TorchFile.AssertSame(tensors[i % 8].Item2, archive, $"t{i % 8}"));
    }

    [Fact]
    public void Names_are_paths_of_keys_and_indices()
    {
        var leaf = TorchFile.Pickled(ones(1), "0");
        var inner = new Dictionary<object, object?> { ["b.c"] = leaf, [7] = leaf };
        var dict = new Dictionary<object, object?> { ["a"] = inner, ["module.d"] = new List<object?> { null, leaf } };
        Assert.Equal(["a.b.c", "a.7", "module.d.1"], Names(dict));
        Assert.Equal(["model.a.b.c", "model.a.7", "model.module.d.1", "other"], Names(new() { ["epoch"] = 1, ["model"] = dict, ["other"] = leaf }));

        IReadOnlyList<string> Names(Dictionary<object, object?> root)
        {
            TorchFile.Write(Path, PickleWriter.Write(root), [("0", TorchFile.Bytes(ones(1)))]);
            using var archive = new TorchArchive(Path);
            return archive.Names;
        }
    }

    [Fact]
    public void Modules_of_TorchScript_are_read_as_nested_attributes()
    {
        var weight = randn(3, 2).to(ScalarType.Float16);
        var constant = randn(2);
        var conv = new PickledModule("__torch__.torch.nn.modules.conv.Conv2d", new()
        {
            ["training"] = false,
            ["_is_full_backward_hook"] = null,
            ["weight"] = TorchFile.Pickled(weight, "0"),
            ["bias"] = null,
        });
        var root = new PickledModule("__torch__.multimodal.___torch_mangle_7.Multimodal", new()
        {
            ["training"] = true,
            ["visual"] = new PickledModule("__torch__.V", new() { ["conv1"] = conv, ["scale"] = 0.125 }),
            ["shared"] = TorchFile.Pickled(constant, "constants/0"),
        });
        TorchFile.Write(Path, PickleWriter.Write(root), [("0", TorchFile.Bytes(weight))]);
        using (var zip = ZipFile.Open(Path, ZipArchiveMode.Update))
        {
            using var stream = zip.CreateEntry("archive/constants/0", CompressionLevel.NoCompression).Open();
            stream.Write(TorchFile.Bytes(constant));
        }

        using var archive = new TorchArchive(Path);
        Assert.Equal(["visual.conv1.weight", "shared"], archive.Names);
        TorchFile.AssertSame(weight, archive, "visual.conv1.weight");
        TorchFile.AssertSame(constant, archive, "shared");
    }

    [Fact]
    public void Lists_and_tagged_values_of_TorchScript_are_read()
    {
        var pickle = new PickleWriter().Op((byte)'}').Text("sizes").Global("torch.jit._pickle", "build_intlist").Tuple(new List<object?> { 1, 2 })
            .Op((byte)'R', (byte)'s').Text("tagged").Global("torch.jit._pickle", "restore_type_tag").Op((byte)'(')
            .Value(new Dictionary<object, object?> { ["t"] = TorchFile.Pickled(ones(1), "0") }).Text("Dict[str, Tensor]").Op((byte)'t', (byte)'R', (byte)'s')
            .Text("device").Global("torch", "device").Tuple("cuda:0").Op((byte)'R', (byte)'s').Stop();
        TorchFile.Write(Path, pickle, [("0", new byte[4])]);
        using var archive = new TorchArchive(Path);
        Assert.Equal(["tagged.t"], archive.Names);
    }
}
