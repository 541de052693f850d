using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Io;

/// <summary>Writes safetensors files (https://github.com/huggingface/safetensors).</summary>
public static class SafetensorsWriter
{
    /// <summary>Writes tensors to a temporary name, forces them to the disk and renames.</summary>
    /// <param name="path">The file; its folder is created if need be.</param>
    /// <param name="tensors">Names and tensors, of any layout and device; they stay the caller's.</param>
    /// <param name="metadata">Free text for the header.</param>
    /// <exception cref="ArgumentException">Two tensors of one name, a reserved name, or a type that the format lacks.</exception>
    /// <exception cref="IOException">The file cannot be written; one that was there before is unchanged.</exception>
    public static void Write(
        string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null) =>
        Write(path, [.. tensors.Select(item => new TensorToWrite(item.Name, item.Tensor.dtype, item.Tensor.shape, item.Tensor.alias))], metadata);

    /// <summary>Writes tensors that are made one after another, so that the memory needed is that of the largest.</summary>
    /// <inheritdoc cref="Write(string, IEnumerable{ValueTuple{string, Tensor}}, IReadOnlyDictionary{string, string}?)"/>
    public static void Write(string path, IReadOnlyList<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        // Wide types first, as the reference implementation does: then every tensor is aligned to its element.
        var ordered = tensors.OrderByDescending(Width).ToList();
        var header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
            stream.Write(prefix);
            stream.Write(header);
            ordered.ForEach(item => WriteData(stream, item));
        });
    }

    private static int Width(TensorToWrite tensor) => SafetensorsTypes.NameOf(tensor.Type) is { } name
        ? SafetensorsTypes.SizeOf(name)!.Value
        : throw new ArgumentException($"Tensor '{tensor.Name}': safetensors has no type {tensor.Type}.");

    private static byte[] Header(List<TensorToWrite> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(buffer))
        {
            json.WriteStartObject();
            if (metadata is { Count: > 0 })
            {
                WriteMetadata(json, metadata);
            }

            var seen = new HashSet<string> { SafetensorsHeader.MetadataKey };
            var position = 0L;
            foreach (var tensor in tensors)
            {
                if (!seen.Add(tensor.Name))
                {
                    throw new ArgumentException($"The tensor name '{tensor.Name}' is used twice or reserved.", nameof(tensors));
                }

                var end = position + (tensor.Shape.Aggregate(1L, (product, size) => product * size) * Width(tensor));
                WriteEntry(json, tensor, position, end);
                position = end;
            }

            json.WriteEndObject();
        }

        // Blanks up to a multiple of 8 keep the data aligned.
        var padding = -buffer.WrittenCount & 7;
        buffer.GetSpan(padding)[..padding].Fill((byte)' ');
        buffer.Advance(padding);
        return buffer.WrittenCount <= SafetensorsHeader.MaxLength
            ? buffer.WrittenSpan.ToArray()
            : throw new ArgumentException($"The header would take {buffer.WrittenCount} bytes.", nameof(tensors));
    }

    private static void WriteMetadata(Utf8JsonWriter json, IReadOnlyDictionary<string, string> metadata)
    {
        json.WriteStartObject(SafetensorsHeader.MetadataKey);
        foreach (var (key, value) in metadata.OrderBy(pair => pair.Key, StringComparer.Ordinal))
        {
            json.WriteString(key, value);
        }

        json.WriteEndObject();
    }

    private static void WriteEntry(Utf8JsonWriter json, TensorToWrite tensor, long begin, long end)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", SafetensorsTypes.NameOf(tensor.Type));
        json.WriteStartArray("shape");
        foreach (var size in tensor.Shape)
        {
            json.WriteNumberValue(size);
        }

        json.WriteEndArray();
        json.WriteStartArray("data_offsets");
        json.WriteNumberValue(begin);
        json.WriteNumberValue(end);
        json.WriteEndArray();
        json.WriteEndObject();
    }

    private static void WriteData(Stream stream, TensorToWrite item)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var tensor = item.Make();
        if (tensor.dtype != item.Type || !tensor.shape.AsSpan().SequenceEqual([.. item.Shape]))
        {
            throw new InvalidOperationException($"Tensor '{item.Name}' is not of the type and shape that its header has.");
        }

        var flat = tensor.detach().cpu().contiguous().view(-1);
        for (var start = 0L; start < flat.numel(); start += SafetensorsReader.ElementsAtOnce)
        {
            using var part = flat.narrow(0, start, Math.Min(SafetensorsReader.ElementsAtOnce, flat.numel() - start));
            stream.Write(part.bytes);
        }
    }
}
