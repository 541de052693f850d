using System.Collections.Frozen;
using System.Text.Json;

namespace Flip.Io;

/// <summary>
/// The parsed and checked header of a safetensors file: 8 bytes of length, JSON, data. The checks are those of the reference
/// implementation (huggingface/safetensors): ranges lie one after another without gap or overlap and cover the data exactly,
/// and each is as long as its shape and type say, so whatever passes can be read without another thought.
/// </summary>
internal sealed class SafetensorsHeader
{
    public const int PrefixLength = 8;
    public const string MetadataKey = "__metadata__";

    /// <summary>The reference implementation's limit: keeps a broken length from asking for memory.</summary>
    public const int MaxLength = 100_000_000;

    private const int MaxRank = 64;

    private readonly string _path;

    private SafetensorsHeader(string path, JsonElement root, long dataStart, long dataLength)
    {
        _path = path;
        var tensors = new List<SafetensorsEntry>();
        foreach (var property in root.EnumerateObject())
        {
            if (property.NameEquals(MetadataKey))
            {
                Metadata = ParseMetadata(property.Value);
            }
            else
            {
                tensors.Add(ParseTensor(property.Name, property.Value, dataStart, dataLength));
            }
        }

        CheckCover(tensors, dataStart, dataLength);
        Tensors = tensors;
    }

    /// <summary>Tensors in the header's order.</summary>
    public IReadOnlyList<SafetensorsEntry> Tensors { get; }

    public IReadOnlyDictionary<string, string> Metadata { get; } = FrozenDictionary<string, string>.Empty;

    /// <param name="path">The file, for messages.</param>
    /// <param name="json">The header's JSON.</param>
    /// <param name="fileLength">Bytes of the whole file.</param>
    public static SafetensorsHeader Parse(string path, ReadOnlyMemory<byte> json, long fileLength)
    {
        try
        {
            using var document = JsonDocument.Parse(json, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 64 });
            var dataStart = PrefixLength + json.Length;
            return document.RootElement.ValueKind == JsonValueKind.Object
                ? new SafetensorsHeader(path, document.RootElement, dataStart, fileLength - dataStart)
                : throw new CheckpointFormatException(path, null, "the header is no JSON object");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with bytes that are no UTF-8, or with half a surrogate pair.
            throw new CheckpointFormatException(path, null, $"the header is no valid JSON ({e.Message.TrimEnd('.')})", e);
        }
    }

    /// <summary>Free text: some writers say null where they have none, or put in what is no text, which is kept as its JSON.</summary>
    private Dictionary<string, string> ParseMetadata(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Null => [],
        JsonValueKind.Object => element.EnumerateObject().ToDictionary(
            p => p.Name, p => p.Value.ValueKind == JsonValueKind.String ? p.Value.GetString()! : p.Value.GetRawText()),
        _ => throw new CheckpointFormatException(_path, null, $"{MetadataKey} is no object of strings"),
    };

    private SafetensorsEntry ParseTensor(string name, JsonElement element, long dataStart, long dataLength)
    {
        CheckpointFormatException Wrong(string problem) => new(_path, name, problem);

        if (element.ValueKind != JsonValueKind.Object
            || !element.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !element.TryGetProperty("shape", out var shapeElement) || Numbers(shapeElement) is not { } shape
            || !element.TryGetProperty("data_offsets", out var offsets) || Numbers(offsets) is not [var begin, var end])
        {
            throw Wrong("the header must give it dtype, shape and two data_offsets");
        }

        var type = dtype.GetString()!;
        var elementSize = SafetensorsTypes.SizeOf(type) ?? throw Wrong($"unknown dtype '{type}'");
        if (shape.Length > MaxRank)
        {
            throw Wrong($"{shape.Length} dimensions, at most {MaxRank} are possible");
        }

        if (end < begin || end > dataLength)
        {
            throw Wrong($"data_offsets [{begin}, {end}] lie outside the {dataLength} bytes of data; the file is cut or damaged");
        }

        // The product without zeros must fit as well: libtorch computes strides from it.
        var expected = shape.Where(size => size > 0).Aggregate((Int128)elementSize, (bytes, size) => Int128.Min(bytes * size, long.MaxValue));
        if (expected == long.MaxValue || (shape.Contains(0) ? 0 : (long)expected) != end - begin)
        {
            throw Wrong($"shape [{string.Join(", ", shape)}] of {type} does not take the {end - begin} bytes of its data_offsets");
        }

        return new SafetensorsEntry(name, type, shape, dataStart + begin, end - begin);
    }

    private static long[]? Numbers(JsonElement element)
    {
        if (element.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var numbers = new long[element.GetArrayLength()];
        var i = 0;
        foreach (var item in element.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[i]) || numbers[i++] < 0)
            {
                return null;
            }
        }

        return numbers;
    }

    private void CheckCover(List<SafetensorsEntry> tensors, long dataStart, long dataLength)
    {
        var position = dataStart;
        foreach (var tensor in tensors.OrderBy(t => t.Offset).ThenBy(t => t.Length))
        {
            if (tensor.Offset != position)
            {
                var relation = tensor.Offset < position ? "overlaps the tensor before it" : "leaves a gap before it";
                throw new CheckpointFormatException(_path, tensor.Name, $"its data {relation}");
            }

            position += tensor.Length;
        }

        if (position != dataStart + dataLength)
        {
            throw new CheckpointFormatException(_path, null, $"{dataStart + dataLength - position} bytes at the end belong to no tensor");
        }
    }
}
