using System.IO.Compression;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Containers;

/// <summary>Writes PyTorch archives.</summary>
internal static class TorchFile
{
    private static readonly Dictionary<ScalarType, string> StorageTypes = new()
    {
        [ScalarType.Float64] = "DoubleStorage",
        [ScalarType.Float32] = "FloatStorage",
        [ScalarType.Float16] = "HalfStorage",
        [ScalarType.BFloat16] = "BFloat16Storage",
        [ScalarType.Int64] = "LongStorage",
        [ScalarType.Int32] = "IntStorage",
        [ScalarType.Int16] = "ShortStorage",
        [ScalarType.Int8] = "CharStorage",
        [ScalarType.Byte] = "ByteStorage",
        [ScalarType.Bool] = "BoolStorage",
    };

    /// <summary>Writes an archive of a pickle and its storages.</summary>
    public static void Write(
        string path,
        byte[] pickle,
        IEnumerable<(string Key, byte[] Bytes)> storages,
        CompressionLevel compression = CompressionLevel.NoCompression,
        string byteOrder = "little")
    {
        using var zip = new ZipArchive(File.Create(path), ZipArchiveMode.Create);
        void Put(string name, byte[] bytes)
        {
            using var entry = zip.CreateEntry($"archive/{name}", compression).Open();
            entry.Write(bytes);
        }

        Put("data.pkl", pickle);
        Put("byteorder", System.Text.Encoding.ASCII.GetBytes(byteOrder));
        foreach (var (key, bytes) in storages)
        {
            Put($"data/{key}", bytes);
        }

        Put("version", "3\n"u8.ToArray());
    }

    /// <summary>Writes a flat state dict, each tensor with its own storage; strides are kept.</summary>
    public static void Save(string path, IEnumerable<(string Name, Tensor Tensor)> tensors, CompressionLevel compression = CompressionLevel.NoCompression)
    {
        var root = new Dictionary<object, object?>();
        var storages = new List<(string, byte[])>();
        foreach (var (name, tensor) in tensors)
        {
            var key = storages.Count.ToString(System.Globalization.CultureInfo.InvariantCulture);
            root.Add(name, Pickled(tensor, key));
            storages.Add((key, Bytes(tensor)));
        }

        Write(path, PickleWriter.Write(root), storages, compression);
    }

    /// <summary>Writes a tree of dictionaries and lists whose leaves may be tensors, each with its own storage.</summary>
    public static void SaveTree(string path, Dictionary<object, object?> root)
    {
        var storages = new List<(string, byte[])>();
        Write(path, PickleWriter.Write(Stored(root)), storages);

        object? Stored(object? value)
        {
            switch (value)
            {
                case Tensor tensor:
                    storages.Add(($"{storages.Count}", Bytes(tensor)));
                    return Pickled(tensor.contiguous(), storages[^1].Item1);
                case Dictionary<object, object?> dict:
                    return dict.ToDictionary(pair => pair.Key, pair => Stored(pair.Value));
                case List<object?> list:
                    return list.Select(Stored).ToList();
                default:
                    return value;
            }
        }
    }

    /// <summary>How a pickle refers to a contiguous tensor that is the whole of a storage.</summary>
    public static PickledTensor Pickled(Tensor tensor, string key) =>
        new(StorageTypes[tensor.dtype], key, tensor.numel(), 0, tensor.shape, tensor.stride());

    /// <summary>A tensor's elements in row-major order.</summary>
    public static byte[] Bytes(Tensor tensor) => tensor.numel() == 0 ? [] : tensor.contiguous().view(-1).bytes.ToArray();

    /// <summary>Type, shape and every bit are the same.</summary>
    public static void AssertSame(Tensor expected, ITensorSource source, string name)
    {
        using var actual = source.ReadTensor(name);
        Assert.Equal(expected.dtype, actual.dtype);
        Assert.Equal(expected.shape, actual.shape);
        Assert.Equal(SafetensorsTypes.NameOf(expected.dtype), source.Describe(name).Type);
        Assert.Equal(expected.shape, source.Describe(name).Shape);
        Assert.True(actual.is_contiguous());
        Assert.Equal(Bytes(expected), Bytes(actual));
    }
}
