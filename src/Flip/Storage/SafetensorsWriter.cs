using System.Buffers;
using System.Buffers.Binary;
using System.Text.Json;
using Flip.Io;
using static TorchSharp.torch;

namespace Flip.Storage;

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
        Write(path, Written(tensors), metadata);

    /// <summary>Writes tensors whose data is made while it is written, so that a file can be larger than the memory.</summary>
    /// <param name="path">The file; its folder is created if need be.</param>
    /// <param name="tensors">What the header says of each, and what writes its elements, little-endian and row-major.</param>
    /// <param name="metadata">Free text for the header.</param>
    /// <param name="temporarySuffix">See <see cref="AtomicFile.Write"/>.</param>
    /// <exception cref="ArgumentException">Two tensors of one name, a reserved name, or a type that the format lacks.</exception>
    /// <exception cref="InvalidOperationException">A tensor's data is longer or shorter than its shape says.</exception>
    /// <exception cref="IOException">The file cannot be written; one that was there before is unchanged.</exception>
    public static void Write(
        string path,
        IReadOnlyList<(TensorDescription Description, Action<Stream> WriteData)> tensors,
        IReadOnlyDictionary<string, string>? metadata = null,
        string? temporarySuffix = null)
    {
        var write = Prepared(tensors, metadata);
        AtomicFile.Write(path, write, temporarySuffix);
    }

    /// <summary>Writes tensors to a file that is hashed on the way.</summary>
    /// <inheritdoc cref="Write(string, IEnumerable{ValueTuple{string, Tensor}}, IReadOnlyDictionary{string, string}?)"/>
    /// <returns>Length and hash of the file.</returns>
    internal static FileDigest WriteHashed(string path, IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        WriteHashed(path, Written(tensors));

    /// <summary>The same of tensors whose data is made while it is written.</summary>
    internal static FileDigest WriteHashed(string path, IReadOnlyList<(TensorDescription Description, Action<Stream> WriteData)> tensors) =>
        AtomicFile.WriteHashed(path, Prepared(tensors, metadata: null));

    private static List<(TensorDescription Description, Action<Stream> WriteData)> Written(IEnumerable<(string Name, Tensor Tensor)> tensors) =>
        [.. tensors.Select(item => (Describe(item.Name, item.Tensor), (Action<Stream>)(stream => WriteData(stream, item.Tensor))))];

    /// <summary>What writes the file, once the header is known to be in order.</summary>
    private static Action<Stream> Prepared(
        IReadOnlyList<(TensorDescription Description, Action<Stream> WriteData)> tensors, IReadOnlyDictionary<string, string>? metadata)
    {
        // Wide types first, as the reference implementation does: then every tensor is aligned to its element.
        var ordered = tensors.OrderByDescending(item => ElementSize(item.Description)).ToList();
        var header = Header([.. ordered.Select(item => item.Description)], metadata);
        return stream =>
        {
            Span<byte> prefix = stackalloc byte[SafetensorsHeader.PrefixLength];
            BinaryPrimitives.WriteUInt64LittleEndian(prefix, (ulong)header.Length);
            stream.Write(prefix);
            stream.Write(header);
            foreach (var (description, writeData) in ordered)
            {
                var end = stream.Position + (description.Count * ElementSize(description));
                writeData(stream);
                if (stream.Position != end)
                {
                    throw new InvalidOperationException(
                        $"Tensor '{description.Name}': its data ended {stream.Position - end} bytes away from where its shape ends.");
                }
            }
        };
    }

    private static TensorDescription Describe(string name, Tensor tensor) => new(
        name,
        SafetensorsTypes.NameOf(tensor.dtype) ?? throw new ArgumentException($"Tensor '{name}': safetensors has no type {tensor.dtype}."),
        tensor.shape);

    private static int ElementSize(TensorDescription tensor) => SafetensorsTypes.SizeOf(tensor.Type)
        ?? throw new ArgumentException($"Tensor '{tensor.Name}': safetensors has no type {tensor.Type}.");

    private static byte[] Header(IReadOnlyList<TensorDescription> tensors, IReadOnlyDictionary<string, string>? metadata)
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

                var end = position + (tensor.Count * ElementSize(tensor));
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

    private static void WriteEntry(Utf8JsonWriter json, TensorDescription tensor, long begin, long end)
    {
        json.WriteStartObject(tensor.Name);
        json.WriteString("dtype", tensor.Type);
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

    /// <summary>Writes a tensor's elements, little-endian and row-major.</summary>
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
