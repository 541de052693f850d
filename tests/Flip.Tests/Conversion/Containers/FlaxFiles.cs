using System.Globalization;
using System.IO.Compression;
using System.Text;
using System.Text.Json;
using static TorchSharp.torch;

namespace Flip.Tests.Conversion.Containers;

/// <summary>
/// Writes flax checkpoints by the formats' descriptions: MessagePack (https://github.com/msgpack/msgpack/blob/master/spec.md) with flax's array
/// extension, and zarr folders as TensorStore writes them for T5X.
/// </summary>
internal static class FlaxFiles
{
    private static readonly Dictionary<ScalarType, (string Name, string Code)> Types = new()
    {
        [ScalarType.Float64] = ("float64", "<f8"),
        [ScalarType.Float32] = ("float32", "<f4"),
        [ScalarType.Float16] = ("float16", "<f2"),
        [ScalarType.BFloat16] = ("bfloat16", "bfloat16"),
        [ScalarType.Int64] = ("int64", "<i8"),
        [ScalarType.Int32] = ("int32", "<i4"),
        [ScalarType.Int16] = ("int16", "<i2"),
        [ScalarType.Int8] = ("int8", "|i1"),
        [ScalarType.Byte] = ("uint8", "|u1"),
        [ScalarType.Bool] = ("bool", "|b1"),
    };

    /// <summary>
    /// MessagePack of null, bool, int, double, string, byte[], Dictionary, List, a tensor (flax's extension 1) or a raw extension (code, bytes).
    /// </summary>
    public static byte[] MessagePack(object? value) => value switch
    {
        null => [0xc0],
        bool flag => [flag ? (byte)0xc3 : (byte)0xc2],
        int number when number is >= 0 and < 128 => [(byte)number],
        int number => [0xd2, .. BigEndian(number)],
        double number => [0xcb, .. BitConverter.GetBytes(number).Reverse()],
        string text when Encoding.UTF8.GetByteCount(text) < 32 => [(byte)(0xa0 | Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)],
        string text => [0xdb, .. BigEndian(Encoding.UTF8.GetByteCount(text)), .. Encoding.UTF8.GetBytes(text)],
        byte[] bytes => [0xc6, .. BigEndian(bytes.Length), .. bytes],
        List<object?> { Count: < 16 } list => [(byte)(0x90 | list.Count), .. list.SelectMany(MessagePack)],
        Dictionary<string, object?> { Count: < 16 } map => [(byte)(0x80 | map.Count), .. Items(map)],
        Dictionary<string, object?> map => [0xdf, .. BigEndian(map.Count), .. Items(map)],
        (sbyte code, byte[] bytes) => [0xc9, .. BigEndian(bytes.Length), (byte)code, .. bytes],
        Tensor tensor => MessagePack(((sbyte)1, Array(tensor))),
        _ => throw new ArgumentException($"no MessagePack for {value.GetType()}"),
    };

    /// <summary>The content of flax's array extension.</summary>
    public static byte[] Array(Tensor tensor) =>
        MessagePack(new List<object?> { tensor.shape.Select(size => (object?)(int)size).ToList(), Types[tensor.dtype].Name, TorchFile.Bytes(tensor) });

    /// <summary>What T5X's index holds for a parameter in a folder.</summary>
    public static Dictionary<string, object?> Spec(string folder, Tensor tensor) => new()
    {
        ["driver"] = "zarr",
        ["dtype"] = Types[tensor.dtype].Name,
        ["kvstore"] = new Dictionary<string, object?> { ["driver"] = "file", ["path"] = folder },
        ["metadata"] = new Dictionary<string, object?>
        {
            ["compressor"] = new Dictionary<string, object?> { ["id"] = "gzip" },
            ["shape"] = tensor.shape.Select(size => (object?)(int)size).ToList(),
            ["chunks"] = tensor.shape.Select(size => (object?)(int)size).ToList(),
        },
    };

    /// <summary>Writes a zarr folder; chunks for which <paramref name="leaveOut"/> holds are not written.</summary>
    public static void Zarr(string folder, Tensor tensor, long[] chunks, bool gzip = true, string fill = "null", Func<string, bool>? leaveOut = null)
    {
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, ".zarray"), Metadata(tensor, chunks, gzip, fill));
        foreach (var index in Grid([.. tensor.shape.Zip(chunks, (size, chunk) => (size + chunk - 1) / chunk)]))
        {
            var name = index.Length == 0 ? "0" : string.Join('.', index.Select(i => i.ToString(CultureInfo.InvariantCulture)));
            if (leaveOut?.Invoke(name) != true)
            {
                var bytes = Chunk(tensor, chunks, index);
                File.WriteAllBytes(Path.Combine(folder, name), gzip ? Gzip(bytes) : bytes);
            }
        }
    }

    /// <summary>TensorStore's form of <c>.zarray</c>.</summary>
    private static string Metadata(Tensor tensor, long[] chunks, bool gzip, string fill)
    {
        var compressor = gzip ? """{"id":"gzip","level":1}""" : "null";
        var (size, shape) = (JsonSerializer.Serialize(chunks), JsonSerializer.Serialize(tensor.shape));
        return $$"""{"chunks":{{size}},"compressor":{{compressor}},"dimension_separator":".", "dtype":"{{Types[tensor.dtype].Code}}",""" +
            $$""" "fill_value":{{fill}},"filters":null,"order":"C","shape":{{shape}},"zarr_format":2}""";
    }

    public static byte[] Gzip(byte[] bytes)
    {
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(bytes);
        }

        return packed.ToArray();
    }

    /// <summary>A chunk in full size; what lies beyond the array is 0xee.</summary>
    private static byte[] Chunk(Tensor tensor, long[] chunks, long[] index)
    {
        var all = TorchFile.Bytes(tensor);
        var size = (int)tensor.ElementSize;
        var bytes = new List<byte>();
        foreach (var within in Grid(chunks))
        {
            var place = index.Select((i, d) => (i * chunks[d]) + within[d]).ToArray();
            if (place.Zip(tensor.shape).All(pair => pair.First < pair.Second))
            {
                var flat = (int)place.Select((p, d) => (p, d)).Aggregate(0L, (sum, pair) => (sum * tensor.shape[pair.d]) + pair.p);
                bytes.AddRange(all[(flat * size)..((flat + 1) * size)]);
            }
            else
            {
                bytes.AddRange(Enumerable.Repeat((byte)0xee, size));
            }
        }

        return [.. bytes];
    }

    /// <summary>All indices of a grid, the last dimension fastest.</summary>
    private static IEnumerable<long[]> Grid(long[] sizes) => sizes.Aggregate(
        (IEnumerable<long[]>)[[]], (indices, size) => indices.SelectMany(index => Enumerable.Range(0, (int)size).Select(i => (long[])[.. index, i])));

    private static byte[] BigEndian(int number) => [.. BitConverter.GetBytes(number).Reverse()];

    private static IEnumerable<byte> Items(Dictionary<string, object?> map) => map.SelectMany(pair => MessagePack(pair.Key).Concat(MessagePack(pair.Value)));
}
