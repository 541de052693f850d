using Flip.Storage;
using Microsoft.Win32.SafeHandles;

namespace Flip.Conversion.Containers;

/// <summary>An array of a flax checkpoint, wherever it lies.</summary>
internal interface IFlaxArray
{
    /// <summary>Type of the elements by safetensors' name.</summary>
    string Type { get; }

    /// <summary>Sizes.</summary>
    IReadOnlyList<long> Shape { get; }

    /// <summary>Checks that the data is there in a length that fits; before memory for it is asked for.</summary>
    /// <param name="name">The tensor, for messages.</param>
    /// <returns>Its bytes in the file, packed.</returns>
    long CheckData(string name);

    /// <summary>Fills a tensor's memory.</summary>
    void Read(string name, TensorBytes destination);
}

/// <summary>
/// An array inside the MessagePack file: an extension (code 1, or 3 for a scalar) whose content is again MessagePack, (shape, type, bytes); or,
/// for large arrays, a map of such pieces of the flattened array.
/// </summary>
internal sealed class FlaxInlineArray : IFlaxArray
{
    private const string ChunkedKey = "__msgpack_chunked_array__";

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly IReadOnlyList<MessagePackBlob> _pieces;

    private FlaxInlineArray(string path, SafeFileHandle file, string type, long[] shape, IReadOnlyList<MessagePackBlob> pieces)
    {
        (_path, _file, Type, Shape, _pieces) = (path, file, type, shape, pieces);
    }

    public string Type { get; }

    public IReadOnlyList<long> Shape { get; }

    public static bool IsArray(object? value) =>
        value is MessagePackBlob { ExtensionCode: 1 or 3 } || (value is OrderedDictionary<string, object?> map && map.ContainsKey(ChunkedKey));

    /// <summary>Parses an array for which <see cref="IsArray"/> holds.</summary>
    /// <exception cref="CheckpointFormatException">It is damaged or of an unknown type.</exception>
    public static FlaxInlineArray Parse(string path, SafeFileHandle file, MessagePackTree reader, string name, object value)
    {
        if (value is MessagePackBlob whole)
        {
            var (shape, type, data) = Piece(path, reader, name, whole);
            return new FlaxInlineArray(path, file, type, shape, [data]);
        }

        var map = (OrderedDictionary<string, object?>)value;
        var sizes = Numbered(map.GetValueOrDefault("shape")).Select(size => size as long?).ToList();
        var pieces = Numbered(map.GetValueOrDefault("chunks")).OfType<MessagePackBlob>().Select(blob => Piece(path, reader, name, blob)).ToList();
        if (sizes.Contains(null) || pieces.Count == 0 || pieces.Any(piece => piece.Type != pieces[0].Type))
        {
            throw new CheckpointFormatException(path, name, "an array in pieces whose shape or pieces are missing or of different types");
        }

        return new FlaxInlineArray(path, file, pieces[0].Type, [.. sizes.Select(size => size!.Value)], [.. pieces.Select(piece => piece.Data)]);
    }

    public long CheckData(string name)
    {
        var length = _pieces.Sum(piece => piece.Length);
        if (StridedLayout.Bytes([.. Shape], SafetensorsTypes.SizeOf(Type)!.Value) != length)
        {
            throw new CheckpointFormatException(
                _path, name, $"shape [{string.Join(", ", Shape)}] of {Type} does not take the {length} bytes that are there");
        }

        return length;
    }

    public void Read(string name, TensorBytes destination)
    {
        var offset = 0L;
        foreach (var piece in _pieces)
        {
            var position = piece.Offset;
            destination.Fill(offset, piece.Length, part =>
            {
                FileBytes.ReadExactly(_file, _path, part, position);
                position += part.Length;
            });
            offset += piece.Length;
        }
    }

    private static (long[] Shape, string Type, MessagePackBlob Data) Piece(string path, MessagePackTree reader, string name, MessagePackBlob blob)
    {
        if (reader.Read(blob.Offset, blob.Length) is not List<object?> parts
            || parts is not [List<object?> sizes, string typeName, MessagePackBlob { ExtensionCode: null } data]
            || sizes.Any(size => size is not long))
        {
            throw new CheckpointFormatException(path, name, "an array that is not of the form (shape, type, bytes)");
        }

        var type = NumpyTypes.OfName(typeName) ?? throw new CheckpointFormatException(path, name, $"unknown type '{typeName}'");
        return ([.. sizes.Cast<long>()], type, data);
    }

    /// <summary>The values of a map with the keys 0, 1, 2 ..., as flax writes tuples.</summary>
    private static IEnumerable<object?> Numbered(object? value)
    {
        for (var i = 0; value is OrderedDictionary<string, object?> map
            && map.TryGetValue(i.ToString(System.Globalization.CultureInfo.InvariantCulture), out var item); i++)
        {
            yield return item;
        }
    }
}
