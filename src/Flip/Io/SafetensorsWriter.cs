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
        string path, IEnumerable<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata = null)
    {
        // Wide types first, as the reference implementation does: then every tensor is aligned to its element.
        var ordered = tensors.OrderByDescending(item => item.Tensor.ElementSize).ToList();
        var header = Header(ordered, metadata);
        AtomicFile.Write(path, stream =>
        {
            Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
            stream.Write(prefix);
            stream.Write(header);
            ordered.ForEach(item => WriteData(stream, item.Tensor));
        });
    }

    private static byte[] Header(List<(string Name, Tensor Tensor)> tensors, IReadOnlyDictionary<string, string>? metadata)
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
            foreach (var (name, tensor) in tensors)
            {
                if (!seen.Add(name))
                {
                    throw new ArgumentException($"The tensor name '{name}' is used twice or reserved.", nameof(tensors));
                }

                var end = position + (tensor.numel() * tensor.ElementSize);
                WriteEntry(json, name, tensor, position, end);
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

    private static void WriteEntry(Utf8JsonWriter json, string name, Tensor tensor, long begin, long end)
    {
        json.WriteStartObject(name);
        json.WriteString("dtype", SafetensorsTypes.NameOf(tensor.dtype)
            ?? throw new ArgumentException($"Tensor '{name}': safetensors has no type {tensor.dtype}."));
        json.WriteStartArray("shape");
        foreach (var size in tensor.shape)
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

    /// <summary>Writes a tensor's elements, row by row, in the machine's byte order.</summary>
    internal static void WriteData(Stream stream, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        using var noGradient = no_grad();
        var flat = tensor.detach().cpu().contiguous().view(-1);
        for (var start = 0L; start < flat.numel(); start += SafetensorsReader.ElementsAtOnce)
        {
            using var part = flat.narrow(0, start, Math.Min(SafetensorsReader.ElementsAtOnce, flat.numel() - start));
            stream.Write(part.bytes);
        }
    }
}
