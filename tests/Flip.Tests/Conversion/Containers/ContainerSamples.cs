using System.IO.Compression;
using System.Text;
using Flip.Storage;
using static TorchSharp.torch;
using Map = System.Collections.Generic.Dictionary<string, object?>;

namespace Flip.Tests.Conversion.Containers;

/// <summary>A small valid sample of a kind of container: its files, and how they lie in a folder.</summary>
/// <param name="Kind">A name for messages.</param>
/// <param name="Files">Relative paths and contents.</param>
/// <param name="Entry">What is opened; "" for the folder.</param>
internal sealed record ContainerSample(string Kind, Dictionary<string, byte[]> Files, string Entry)
{
    /// <summary>Writes a file of the folder from bytes that may be an inner part of it, such as the pickle within an archive.</summary>
    public Action<string, byte[]> Write { get; init; } = File.WriteAllBytes;

    public static IEnumerable<ContainerSample> All(string scratch)
    {
        using var scope = NewDisposeScope();
        var tensors = new (string Name, Tensor Tensor)[]
        {
            ("visual.weight", arange(48, ScalarType.Float32).view(8, 6).sin()), ("bias", arange(6, ScalarType.Float32).to(ScalarType.BFloat16)),
            ("mask", ones(4, ScalarType.Bool)), ("step", tensor(3L)),
        };
        yield return Safetensors(scratch, tensors);
        yield return Sharded(scratch, tensors);
        yield return Torch(scratch, tensors, CompressionLevel.NoCompression);
        yield return Torch(scratch, tensors, CompressionLevel.Optimal);
        yield return Pickle("pickle of a checkpoint", ReadRecord(SharedData.Golden("torch-archive/protocol2.pt")));
        yield return Pickle("pickle of protocol 4", ReadRecord(SharedData.Golden("torch-archive/protocol4.pt")));
        yield return PickleOf("training");
        yield return PickleOf("module");
        yield return new("torch before 1.6", new() { ["x.pt"] = File.ReadAllBytes(SharedData.Golden("torch-archive/legacy.pt")) }, "x.pt");
        yield return Pickle("pickle of TorchScript", PickleWriter.Write(new PickledModule("__torch__.M", new()
        {
            ["training"] = true,
            ["visual"] = new PickledModule("__torch__.V", new() { ["weight"] = new PickledTensor("FloatStorage", "0", 24, 2, [3, 4], [1, 5]) }),
            ["mask"] = new PickledTensor("BoolStorage", "6", 2, 0, [2], [1]),
        })));
        yield return T5X(scratch, tensors);
        yield return new("msgpack", new()
        {
            ["flax_model.msgpack"] = FlaxFiles.MessagePack(new Map
            {
                ["params"] = new Map { ["layer"] = tensors.ToDictionary(item => item.Name, item => (object?)item.Tensor) },
                ["step"] = 3,
                ["lr"] = 0.5,
                ["more"] = new List<object?> { null, true, -5, "text", new byte[3] },
            }),
        }, "flax_model.msgpack");
    }

    private static ContainerSample Safetensors(string scratch, (string, Tensor)[] tensors)
    {
        var path = Path.Combine(scratch, "x.safetensors");
        SafetensorsWriter.Write(path, tensors);
        return new("safetensors", new() { ["x.safetensors"] = File.ReadAllBytes(path) }, "x.safetensors");
    }

    private static ContainerSample Sharded(string scratch, (string Name, Tensor)[] tensors)
    {
        var files = new Dictionary<string, byte[]>
        {
            ["model.safetensors.index.json"] = Encoding.UTF8.GetBytes(
                "{\"weight_map\":{" + string.Join(',', tensors.Select((item, i) => $"\"{item.Name}\":\"{i % 2}.safetensors\"")) + "}}"),
        };
        foreach (var half in new[] { 0, 1 })
        {
            var path = Path.Combine(scratch, "shard");
            SafetensorsWriter.Write(path, tensors.Where((_, i) => i % 2 == half));
            files[$"{half}.safetensors"] = File.ReadAllBytes(path);
        }

        return new("sharded", files, "model.safetensors.index.json");
    }

    private static ContainerSample Torch(string scratch, (string, Tensor)[] tensors, CompressionLevel compression)
    {
        var path = Path.Combine(scratch, "x.pt");
        TorchFile.Save(path, tensors, compression);
        return new($"torch, {compression}", new() { ["x.pt"] = File.ReadAllBytes(path) }, "x.pt");
    }

    /// <summary>The pickle alone is damaged; the zip file around it is whole.</summary>
    private static ContainerSample Pickle(string kind, byte[] pickle)
    {
        // The lengths of the storages of the golden files.
        int[] lengths = [96, 6, 6, 8, 2, 0, 2, 4, 12];
        return new(kind, new() { ["x.pt"] = pickle }, "x.pt")
        {
            Write = (path, bytes) => TorchFile.Write(path, bytes, lengths.Select((length, i) => ($"{i}", new byte[length]))),
        };
    }

    /// <summary>The same with the storages of a golden file.</summary>
    private static ContainerSample PickleOf(string golden)
    {
        using var zip = ZipFile.OpenRead(SharedData.Golden($"torch-archive/{golden}.pt"));
        var data = $"{golden}/data/";
        var storages = zip.Entries.Where(entry => entry.FullName.StartsWith(data, StringComparison.Ordinal))
            .Select(entry => (entry.FullName[data.Length..], new byte[entry.Length])).ToList();
        return new($"pickle of {golden}.pt", new() { ["x.pt"] = ReadRecord(zip, $"{golden}/data.pkl") }, "x.pt")
        {
            Write = (path, bytes) => TorchFile.Write(path, bytes, storages),
        };
    }

    private static ContainerSample T5X(string scratch, (string Name, Tensor Tensor)[] tensors)
    {
        var folder = Path.Combine(scratch, "t5x");
        var target = new Map();
        foreach (var (name, tensor) in tensors)
        {
            target[name] = tensor.dim() == 0 ? tensor : FlaxFiles.Spec($"target.{name}", tensor);
            if (tensor.dim() > 0)
            {
                FlaxFiles.Zarr(Path.Combine(folder, $"target.{name}"), tensor, [.. tensor.shape.Select(size => (size / 2) + 1)], tensor.dim() == 2, "0.0");
            }
        }

        var index = new Map { ["version"] = 3, ["optimizer"] = new Map { ["target"] = target } };
        File.WriteAllBytes(Path.Combine(folder, "checkpoint"), FlaxFiles.MessagePack(index));
        return new("T5X", Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories)
            .ToDictionary(path => Path.GetRelativePath(folder, path), File.ReadAllBytes), "");
    }

    private static byte[] ReadRecord(string path)
    {
        using var zip = ZipFile.OpenRead(path);
        return ReadRecord(zip, "archive/data.pkl");
    }

    private static byte[] ReadRecord(ZipArchive zip, string record)
    {
        using var stream = zip.GetEntry(record)!.Open();
        using var bytes = new MemoryStream();
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }
}
