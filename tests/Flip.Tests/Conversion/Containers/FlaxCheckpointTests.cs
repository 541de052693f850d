using Flip.Conversion.Containers;
using Flip.Randomness;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;
using Map = System.Collections.Generic.Dictionary<string, object?>;

namespace Flip.Tests.Conversion.Containers;

public sealed class FlaxCheckpointTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly DisposeScope _scope = NewDisposeScope();

    public void Dispose()
    {
        _scope.Dispose();
        _folder.Dispose();
    }

    [Fact]
    public void The_official_release_in_T5X_layout_is_read()
    {
        using var original = new SafetensorsReader(SharedData.Golden("flip-tiny/weights.safetensors"));
        var step = _folder.File("checkpoint_1200");
        var target = new Map();
        foreach (var name in original.Names)
        {
            var tensor = original.ReadTensor(name);
            var folder = $"target.{name.Replace('/', '.')}";
            Put(target, name.Split('/'), tensor.dim() < 2 ? tensor : FlaxFiles.Spec(folder, tensor));
            if (tensor.dim() >= 2)
            {
                // Larger dimensions are split, as T5X does above 64 MiB.
                FlaxFiles.Zarr(Path.Combine(step, folder), tensor, [.. tensor.shape.Select(size => size > 40 ? (size + 1) / 2 : size)]);
            }
        }

        WriteIndex(step, new() { ["version"] = 3, ["optimizer"] = new Map { ["target"] = target, ["state"] = new Map { ["step"] = 1200, ["m"] = ones(3) } } });
        foreach (var path in new[] { step, _folder.Path, Path.Combine(step, "checkpoint") })
        {
            using var checkpoint = new FlaxCheckpoint(path);
            Assert.Equal(original.Names.Order(), checkpoint.Names.Order());
            Assert.All(original.Names, name => TorchFile.AssertSame(original.ReadTensor(name), checkpoint, name));
        }
    }

    [Fact]
    public void The_last_step_is_taken()
    {
        foreach (var step in new[] { 900, 1000, 20 })
        {
            WriteIndex(_folder.File($"checkpoint_{step}"), new() { ["optimizer"] = new Map { ["target"] = new Map { ["step"] = tensor(step) } } });
        }

        Directory.CreateDirectory(_folder.File("checkpoint_5000"));
        Directory.CreateDirectory(_folder.File("checkpoint_9000.tmp-1"));
        using var checkpoint = new FlaxCheckpoint(_folder.Path);
        TorchFile.AssertSame(tensor(1000), checkpoint, "step");
    }

    [Fact]
    public void Every_type_comes_back_inline_and_as_zarr()
    {
        var types = new[]
        {
            ScalarType.Float64, ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Int64, ScalarType.Int32, ScalarType.Int16,
            ScalarType.Int8, ScalarType.Byte, ScalarType.Bool,
        };
        var tensors = types.ToDictionary(type => type.ToString(), type => arange(6, ScalarType.Float32).view(2, 3).to(type));
        tensors["scalar"] = tensor(2.5f);
        tensors["empty"] = zeros(0, 3);
        var root = tensors.ToDictionary(pair => pair.Key, pair => (object?)pair.Value);
        foreach (var (name, tensor) in tensors)
        {
            FlaxFiles.Zarr(_folder.File($"z.{name}"), tensor, [.. tensor.shape.Select(_ => 2L)], gzip: tensor.ElementSize == 4);
            root[$"z.{name}"] = $"PLACEHOLDER://z.{name}";
        }

        // A NumPy scalar, and plain values that are no arrays.
        root["npscalar"] = ((sbyte)3, FlaxFiles.Array(tensor(7)));
        root["nothing"] = null;
        root["list"] = new List<object?> { 1, 2.5, "x", true };
        WriteIndex(_folder.Path, new() { ["params"] = root, ["opt_state"] = new Map { ["mu"] = ones(2) } });
        using var checkpoint = new FlaxCheckpoint(_folder.Path);
        Assert.Equal(tensors.Keys.Concat(tensors.Keys.Select(name => $"z.{name}")).Append("npscalar"), checkpoint.Names);
        Assert.All(tensors, pair => TorchFile.AssertSame(pair.Value, checkpoint, pair.Key));
        Assert.All(tensors, pair => TorchFile.AssertSame(pair.Value, checkpoint, $"z.{pair.Key}"));
        TorchFile.AssertSame(tensor(7), checkpoint, "npscalar");
        Assert.Throws<CheckpointFormatException>(() => checkpoint.ReadTensor("mu"));
    }

    [Fact]
    public void Bits_of_bfloat16_of_T5X_before_version_3_are_read_as_such()
    {
        var expected = randn(3, 5).to(ScalarType.BFloat16);
        FlaxFiles.Zarr(_folder.File("target.w"), expected, [3, 5]);
        var metadata = _folder.File("target.w/.zarray");
        File.WriteAllText(metadata, File.ReadAllText(metadata).Replace("bfloat16", "<u2", StringComparison.Ordinal));
        WriteIndex(_folder.Path, new() { ["version"] = 2, ["optimizer"] = new Map { ["target"] = new Map { ["w"] = FlaxFiles.Spec("target.w", expected) } } });
        using var checkpoint = new FlaxCheckpoint(_folder.Path);
        TorchFile.AssertSame(expected, checkpoint, "w");
    }

    [Fact]
    public void An_array_in_pieces_is_one_array()
    {
        // flax cuts arrays above 1 GiB into flat pieces.
        var expected = randn(3, 5);
        var flat = expected.view(-1);
        var pieces = new Map
        {
            ["__msgpack_chunked_array__"] = true,
            ["shape"] = new Map { ["0"] = 3, ["1"] = 5 },
            ["chunks"] = new Map { ["0"] = flat[..7].clone(), ["1"] = flat[7..14].clone(), ["2"] = flat[14..].clone() },
        };
        WriteIndex(_folder.Path, new() { ["layer"] = new Map { ["kernel"] = pieces } });
        using var checkpoint = new FlaxCheckpoint(_folder.Path);
        TorchFile.AssertSame(expected, checkpoint, "layer/kernel");
    }

    [Fact]
    public void Chunks_of_any_shape_make_up_the_array()
    {
        for (var i = 0; i < 60; i++)
        {
            var random = new CounterRandom(3, RandomPurpose.Evaluation, 0, i);
            var rank = random.NextInt(5);
            var shape = Enumerable.Range(0, rank).Select(_ => 1L + random.NextInt(6)).ToArray();
            var expected = arange(shape.Aggregate(1L, (a, b) => a * b), ScalarType.Int16).view(shape);
            var folder = _folder.File($"case{i}");
            FlaxFiles.Zarr(Path.Combine(folder, "target.w"), expected, [.. shape.Select(size => 1L + random.NextInt((int)size + 2))], gzip: i % 2 == 0);
            WriteIndex(folder, new() { ["target"] = new Map { ["w"] = FlaxFiles.Spec("target.w/", expected) } });
            using var checkpoint = new FlaxCheckpoint(folder);
            TorchFile.AssertSame(expected, checkpoint, "w");
        }
    }

    [Theory]
    [InlineData("0", 0f)]
    [InlineData("0.0", 0f)]
    [InlineData("-1.5", -1.5f)]
    [InlineData("\"NaN\"", float.NaN)]
    [InlineData("\"-Infinity\"", float.NegativeInfinity)]
    public void Chunks_that_are_not_there_hold_the_fill_value(string fill, float value)
    {
        foreach (var type in new[] { ScalarType.Float32, ScalarType.Float16, ScalarType.BFloat16, ScalarType.Float64 })
        {
            var expected = arange(20, ScalarType.Float32).view(4, 5).clone();
            expected[.., 2..4].fill_(value);
            var typed = expected.to(type);
            var folder = _folder.File($"{type}");
            FlaxFiles.Zarr(Path.Combine(folder, "w"), typed, [4, 2], fill: fill, leaveOut: name => name == "0.1");
            WriteIndex(folder, new() { ["w"] = "PLACEHOLDER://w" });
            using var checkpoint = new FlaxCheckpoint(folder);
            using var actual = checkpoint.ReadTensor("w");
            Assert.Equal(typed.dtype, actual.dtype);
            Assert.True(typed.to(ScalarType.Float64).allclose(actual.to(ScalarType.Float64), 0, 0, equal_nan: true));
        }
    }

    private static void Put(Map map, ReadOnlySpan<string> path, object? value)
    {
        if (path.Length == 1)
        {
            map.Add(path[0], value);
            return;
        }

        Put((Map)(map.TryGetValue(path[0], out var inner) ? inner! : map[path[0]] = new Map()), path[1..], value);
    }

    private static void WriteIndex(string folder, Map root)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllBytes(Path.Combine(folder, "checkpoint"), FlaxFiles.MessagePack(root));
    }
}
