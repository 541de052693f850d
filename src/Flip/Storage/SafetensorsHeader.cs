using System.Collections.Frozen;
using System.Text;
using System.Text.Json;
using Flip.Io;

namespace Flip.Storage;

/// <summary>
/// The parsed and checked header of a safetensors file: 8 bytes of length, JSON, data. The checks are those of the reference
/// implementation (huggingface/safetensors): ranges lie one after another without gap or overlap and cover the data exactly,
/// and each is as long as its shape and type say, so whatever passes can be read without another thought.
/// </summary>
internal sealed class SafetensorsHeader
{
    public const int PrefixLength = 8;
    public const string MetadataKey = "__metadata__";

    /// <summary>Bytes of a header. The reference implementation reads 100 million, which take a second and half a gigabyte; the largest published header,
    /// of some 90 thousand tensors, has 11 million.</summary>
    public const int MaxLength = 1 << 24;

    /// <summary>Tensors of a file, and of all files of a model: the largest published model has 145 thousand, a CLIP some thousand.</summary>
    public const int MaxTensors = 200_000;

    private const int MaxRank = 64;

    private readonly string _path;
    private readonly long _dataStart;
    private readonly long _dataLength;
    private readonly List<SafetensorsEntry> _tensors = [];
    private readonly HashSet<string> _fields = [];

    private SafetensorsHeader(string path, ReadOnlySpan<byte> json, long fileLength)
    {
        _path = path;
        _dataStart = PrefixLength + json.Length;
        _dataLength = fileLength - _dataStart;
        var reader = new Utf8JsonReader(json, new JsonReaderOptions { MaxDepth = JsonInput.MaxDepth });
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new CheckpointFormatException(path, null, "the header is no JSON object");
        }

        var names = new HashSet<string>();
        while (Key(ref reader, names) is { } name)
        {
            if (name == MetadataKey)
            {
                Metadata = ReadMetadata(ref reader, json);
            }
            else if (_tensors.Count < MaxTensors)
            {
                _tensors.Add(ReadTensor(name, ref reader));
            }
            else
            {
                throw new CheckpointFormatException(path, null, $"more than {MaxTensors} tensors");
            }
        }

        reader.Read(); // nothing may follow
        CheckCover();
    }

    /// <summary>Tensors in the header's order.</summary>
    public IReadOnlyList<SafetensorsEntry> Tensors => _tensors;

    public IReadOnlyDictionary<string, string> Metadata { get; } = FrozenDictionary<string, string>.Empty;

    /// <param name="path">The file, for messages.</param>
    /// <param name="json">The header's JSON.</param>
    /// <param name="fileLength">Bytes of the whole file.</param>
    public static SafetensorsHeader Parse(string path, ReadOnlyMemory<byte> json, long fileLength)
    {
        try
        {
            return new SafetensorsHeader(path, json.Span, fileLength);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with bytes that are no UTF-8, or with half a surrogate pair.
            throw new CheckpointFormatException(path, null, $"the header is no valid JSON ({e.Message.TrimEnd('.')})", e);
        }
    }

    /// <summary>The next key of an object, with the reader at its value; null at the object's end.</summary>
    private static string? Key(ref Utf8JsonReader reader, HashSet<string> known)
    {
        reader.Read();
        if (reader.TokenType == JsonTokenType.EndObject)
        {
            return null;
        }

        var key = reader.GetString()!;
        reader.Read();
        return known.Add(key) ? key : throw new JsonException($"the key '{key}' is there twice");
    }

    /// <summary>Free text: some writers say null where they have none, or put in what is no text, which is kept as its JSON.</summary>
    private Dictionary<string, string> ReadMetadata(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var texts = new Dictionary<string, string>();
        if (reader.TokenType == JsonTokenType.Null)
        {
            return texts;
        }

        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new CheckpointFormatException(_path, null, $"{MetadataKey} is no object of strings");
        }

        var names = new HashSet<string>();
        while (Key(ref reader, names) is { } name)
        {
            if (reader.TokenType == JsonTokenType.String)
            {
                texts.Add(name, reader.GetString()!);
                continue;
            }

            var start = (int)reader.TokenStartIndex;
            reader.Skip();
            texts.Add(name, Encoding.UTF8.GetString(json[start..(int)reader.BytesConsumed]));
        }

        return texts;
    }

    private SafetensorsEntry ReadTensor(string name, ref Utf8JsonReader reader)
    {
        CheckpointFormatException Wrong(string problem) => new(_path, name, problem);

        var (type, shape, offsets) = ReadFields(ref reader);
        if (type is null || shape is null || offsets is not [var begin, var end])
        {
            throw Wrong("the header must give it dtype, shape and two data_offsets");
        }

        var elementSize = SafetensorsTypes.SizeOf(type) ?? throw Wrong($"unknown dtype '{type}'");
        if (shape.Count > MaxRank)
        {
            throw Wrong($"{shape.Count} dimensions, at most {MaxRank} are possible");
        }

        if (end < begin || end > _dataLength)
        {
            throw Wrong($"data_offsets [{begin}, {end}] lie outside the {_dataLength} bytes of data; the file is cut or damaged");
        }

        // The product without zeros must fit as well: libtorch computes strides from it.
        var expected = shape.Where(size => size > 0).Aggregate((Int128)elementSize, (bytes, size) => Int128.Min(bytes * size, long.MaxValue));
        if (expected == long.MaxValue || (shape.Contains(0) ? 0 : (long)expected) != end - begin)
        {
            throw Wrong($"shape [{string.Join(", ", shape)}] of {type} does not take the {end - begin} bytes of its data_offsets");
        }

        return new SafetensorsEntry(name, type, [.. shape], _dataStart + begin, end - begin);
    }

    /// <summary>What an object says of a tensor; null for what it does not say.</summary>
    private (string? Type, List<long>? Shape, List<long>? Offsets) ReadFields(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            reader.Skip();
            return default;
        }

        (string? Type, List<long>? Shape, List<long>? Offsets) found = default;
        _fields.Clear();
        while (Key(ref reader, _fields) is { } key)
        {
            switch (key)
            {
                case "dtype" when reader.TokenType == JsonTokenType.String:
                    found.Type = reader.GetString();
                    break;
                case "shape":
                    found.Shape = Numbers(ref reader);
                    break;
                case "data_offsets":
                    found.Offsets = Numbers(ref reader);
                    break;
                default:
                    reader.Skip();
                    break;
            }
        }

        return found;
    }

    /// <summary>A list of sizes, of which more are read than are possible so that they can be counted; null for anything else.</summary>
    private static List<long>? Numbers(ref Utf8JsonReader reader)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
        {
            reader.Skip();
            return null;
        }

        var (numbers, good) = (new List<long>(), true);
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
        {
            if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var number) && number >= 0)
            {
                numbers.Add(number);
            }
            else
            {
                good = false;
                reader.Skip();
            }
        }

        return good ? numbers : null;
    }

    private void CheckCover()
    {
        var position = _dataStart;
        foreach (var tensor in _tensors.OrderBy(t => t.Offset).ThenBy(t => t.Length))
        {
            if (tensor.Offset != position)
            {
                var relation = tensor.Offset < position ? "overlaps the tensor before it" : "leaves a gap before it";
                throw new CheckpointFormatException(_path, tensor.Name, $"its data {relation}");
            }

            position += tensor.Length;
        }

        if (position != _dataStart + _dataLength)
        {
            throw new CheckpointFormatException(_path, null, $"{_dataStart + _dataLength - position} bytes at the end belong to no tensor");
        }
    }
}
