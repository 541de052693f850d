using System.Buffers.Binary;
using System.Collections.Frozen;
using Flip.Native;
using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;

namespace Flip.Storage;

/// <summary>
/// Reads a safetensors file (https://github.com/huggingface/safetensors). Opening checks the whole header; data is read
/// when asked for, straight into the tensor's memory. Memory asked for is never more than the file is long. Written here
/// because the .NET packages for the format lack types, checks or both. Safe to call from several threads.
/// </summary>
public sealed class SafetensorsReader : ITensorSource
{
    /// <summary>Elements read or written at once: spans hold less than 2 GiB.</summary>
    internal const long ElementsAtOnce = 1 << 24;

    private readonly SafeFileHandle _file;
    private readonly FrozenDictionary<string, SafetensorsEntry> _tensors;

    /// <summary>Opens a file and checks its header.</summary>
    /// <exception cref="CheckpointFormatException">The file is no safetensors file, is cut or contradicts itself.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public SafetensorsReader(string path)
    {
        LibTorch.EnsureLoaded();
        Path = path;
        _file = TensorFile.OpenHandle(path);
        try
        {
            var header = ReadHeader();
            Names = [.. header.Tensors.Select(t => t.Name)];
            Metadata = header.Metadata;
            _tensors = header.Tensors.ToFrozenDictionary(t => t.Name);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; }

    /// <summary>The header's free text, empty where there is none.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; }

    /// <inheritdoc/>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <inheritdoc/>
    public TensorDescription Describe(string name) => Entry(name);

    /// <inheritdoc/>
    public Tensor ReadTensor(string name)
    {
        var description = Entry(name);
        var type = SafetensorsTypes.ToTorch(description.Type)
            ?? throw new CheckpointFormatException(Path, name, $"tensors of dtype {description.Type} cannot be read; save it as F32, F16 or BF16");
        var tensor = empty([.. description.Shape], type, CPU);
        try
        {
            ReadInto(description, tensor);
            return tensor;
        }
        catch
        {
            tensor.Dispose();
            throw;
        }
    }

    /// <summary>The elements of a tensor in row-major order, converted to single precision.</summary>
    /// <inheritdoc cref="ReadTensor" path="/exception"/>
    public float[] ReadFloats(string name)
    {
        using var scope = NewDisposeScope();
        return ReadTensor(name).to(ScalarType.Float32).data<float>().ToArray();
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private SafetensorsEntry Entry(string name) =>
        _tensors.GetValueOrDefault(name) ?? throw new CheckpointFormatException(Path, name, "not in the file");

    private SafetensorsHeader ReadHeader()
    {
        var fileLength = RandomAccess.GetLength(_file);
        var prefix = new byte[SafetensorsHeader.PrefixLength];
        if (fileLength < prefix.Length)
        {
            throw new CheckpointFormatException(Path, null, $"{fileLength} bytes are no safetensors file");
        }

        ReadExactly(prefix, 0, null);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(prefix);
        if (length <= (ulong)(fileLength - prefix.Length) && length > SafetensorsHeader.MaxLength)
        {
            throw new CheckpointFormatException(Path, null, $"a header of {length} bytes, and at most {SafetensorsHeader.MaxLength} are read");
        }

        if (length > (ulong)(fileLength - prefix.Length))
        {
            throw new CheckpointFormatException(
                Path, null, $"a header of {length} bytes does not fit into the file of {fileLength}; it is cut or no safetensors file");
        }

        var json = new byte[(int)length];
        ReadExactly(json, prefix.Length, null);
        return SafetensorsHeader.Parse(Path, json, fileLength);
    }

    private void ReadInto(SafetensorsEntry description, Tensor tensor)
    {
        using var scope = NewDisposeScope();
        var flat = tensor.view(-1);
        var position = description.Offset;
        for (var start = 0L; start < flat.numel(); start += ElementsAtOnce)
        {
            using var part = flat.narrow(0, start, Math.Min(ElementsAtOnce, flat.numel() - start));
            var bytes = part.bytes;
            ReadExactly(bytes, position, description.Name);
            position += bytes.Length;

            // libtorch's behavior with any other bit pattern is undefined.
            if (tensor.dtype == ScalarType.Bool && bytes.ContainsAnyExceptInRange((byte)0, (byte)1))
            {
                throw new CheckpointFormatException(Path, description.Name, "a BOOL that is neither 0 nor 1");
            }
        }
    }

    private void ReadExactly(Span<byte> destination, long position, string? tensor)
    {
        while (!destination.IsEmpty)
        {
            var read = RandomAccess.Read(_file, destination, position);
            if (read == 0)
            {
                throw new CheckpointFormatException(Path, tensor, "the file has become shorter while it was read");
            }

            destination = destination[read..];
            position += read;
        }
    }
}
