using System.Buffers.Binary;
using System.Text.Json;
using Flip.Io;
using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>The file <c>.zarray</c> of a zarr array, version 2 (zarr-specs.readthedocs.io), as far as flax and TensorStore use it.</summary>
internal sealed class ZarrMetadata
{
    private const int MaxLength = 1 << 16;

    private readonly string _path;
    private readonly string _tensor;

    private ZarrMetadata(string path, string tensor, JsonElement root)
    {
        (_path, _tensor) = (path, tensor);
        if (!Is(root, "zarr_format", value => value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var version) && version == 2))
        {
            throw Wrong("zarr_format is not 2");
        }

        Shape = Sizes(root, "shape", 0);
        Chunks = Sizes(root, "chunks", 1);
        var code = Text(root, "dtype") ?? throw Wrong("dtype is no name of a type");
        Type = NumpyTypes.OfCode(code) ?? throw Wrong($"elements of dtype '{code}' are not read");
        ElementSize = SafetensorsTypes.SizeOf(Type)!.Value;
        IsGzip = Compressor(root);
        if (Shape.Length != Chunks.Length || StridedLayout.Bytes(Shape, ElementSize) is not { } bytes
            || StridedLayout.Bytes(Chunks, ElementSize) is not { } chunkBytes)
        {
            throw Wrong($"shape [{string.Join(", ", Shape)}] and chunks [{string.Join(", ", Chunks)}] are impossible");
        }

        (Bytes, ChunkBytes) = (bytes, chunkBytes);
        CheckOrder(root);
        FillElement = Fill(root);
    }

    public long[] Shape { get; }

    public long[] Chunks { get; }

    public string Type { get; }

    public int ElementSize { get; }

    public bool IsGzip { get; }

    /// <summary>Bytes of the array.</summary>
    public long Bytes { get; }

    /// <summary>Bytes of every chunk once unpacked; those at the edges are padded.</summary>
    public long ChunkBytes { get; }

    /// <summary>The bytes of an element of a chunk that is not there; null where every chunk must be.</summary>
    public byte[]? FillElement { get; }

    /// <exception cref="CheckpointFormatException">The file is damaged, or the array is of a kind that is not read.</exception>
    public static ZarrMetadata Load(string path, string tensor)
    {
        try
        {
            using var document = JsonDocument.Parse(JsonInput.Read(path, MaxLength));
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new ZarrMetadata(path, tensor, document.RootElement)
                : throw new CheckpointFormatException(path, tensor, "no JSON object");
        }
        catch (JsonException e)
        {
            throw new CheckpointFormatException(path, tensor, $"no valid JSON ({e.Message.TrimEnd('.')})", e);
        }
    }

    private static bool Is(JsonElement root, string name, Func<JsonElement, bool> condition) =>
        root.TryGetProperty(name, out var value) && condition(value);

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;

    private static bool IsAbsent(JsonElement root, string name) => !Is(root, name, value => value.ValueKind != JsonValueKind.Null);

    private long[] Sizes(JsonElement root, string name, long least)
    {
        var sizes = new List<long>();
        if (!root.TryGetProperty(name, out var array) || array.ValueKind != JsonValueKind.Array)
        {
            throw Wrong($"'{name}' is no list of sizes");
        }

        foreach (var item in array.EnumerateArray())
        {
            sizes.Add(item.ValueKind == JsonValueKind.Number && item.TryGetInt64(out var size) && size >= least
                ? size
                : throw Wrong($"'{name}' is no list of sizes"));
        }

        return [.. sizes];
    }

    private bool Compressor(JsonElement root)
    {
        if (IsAbsent(root, "compressor"))
        {
            return false;
        }

        var compressor = root.GetProperty("compressor");
        var id = compressor.ValueKind == JsonValueKind.Object ? Text(compressor, "id") : null;
        return id == "gzip" ? true : throw Wrong($"chunks packed by '{id}' are not read, only by gzip or not at all");
    }

    private void CheckOrder(JsonElement root)
    {
        if (Text(root, "order") != "C" && Shape.Length > 1)
        {
            throw Wrong("only arrays in row-major order (\"C\") are read");
        }

        if (!IsAbsent(root, "filters") && !Is(root, "filters", value => value.ValueKind == JsonValueKind.Array && value.GetArrayLength() == 0))
        {
            throw Wrong("arrays with filters are not read");
        }

        if ((Text(root, "dimension_separator") ?? ".") != ".")
        {
            throw Wrong("only chunk names with dots are read");
        }
    }

    private byte[]? Fill(JsonElement root)
    {
        if (IsAbsent(root, "fill_value"))
        {
            return null;
        }

        var value = root.GetProperty("fill_value");
        double? number = value.ValueKind switch
        {
            JsonValueKind.Number when value.TryGetDouble(out var parsed) => parsed,
            JsonValueKind.False => 0,
            JsonValueKind.True when Type == "BOOL" => 1,
            JsonValueKind.String => value.GetString() switch
            {
                "NaN" => double.NaN,
                "Infinity" => double.PositiveInfinity,
                "-Infinity" => double.NegativeInfinity,
                _ => null,
            },
            _ => null,
        };
        var bytes = new byte[ElementSize];
        switch (Type, number)
        {
            // Positive zero is all bits zero in every type.
            case (_, 0.0) when !double.IsNegative(number.Value):
                break;
            case ("F64", { } filled):
                BinaryPrimitives.WriteDoubleLittleEndian(bytes, filled);
                break;
            case ("F32", { } filled):
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)filled);
                break;
            case ("F16", { } filled):
                BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)filled);
                break;
            case ("BF16", { } filled) when BitConverter.SingleToUInt32Bits((float)filled) is var bits && ((bits & 0xffff) == 0 || double.IsNaN(filled)):
                BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)(bits >> 16));
                break;
            default:
                throw Wrong($"the fill_value {value.GetRawText()} of {Type} is not read");
        }

        return bytes;
    }

    private CheckpointFormatException Wrong(string problem) => new(_path, _tensor, problem);
}
