using System.Text;
using Flip.Io;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Conversion.Containers;

/// <summary>
/// Reads the tensors of a PyTorch file (<c>.pt</c>, <c>.bin</c>): what <c>torch.save</c> writes since PyTorch 1.6, and TorchScript archives such
/// as OpenAI's. Nothing in the file is executed: its pickle may hold containers, text, numbers and tensors, every other name or opcode is an
/// error. Opening checks that every tensor lies within its storage and every storage has its record; data is read when asked for. Memory
/// asked for is the pickle's values and one tensor, which is never longer than its record (for a view with strides also the stretch that it
/// lies in). Names are keys, list indices and attributes joined by dots. Where the outermost dictionary has a dictionary <c>state_dict</c>, or
/// else <c>model</c>, only that one's tensors are shown; a prefix <c>module.</c> that all names have is taken off. In TorchScript archives
/// every attribute that is a tensor has a name, also those that a state dict leaves out. Safe to call from several threads.
/// </summary>
public sealed class TorchArchive : ITensorSource
{
    /// <summary>Enough for 20 000 tensors; the values of a pickle can take a hundred times its length.</summary>
    private const int MaxPickleLength = 1 << 22;

    /// <summary>Protocol 2, then the number 0x1950a86a20f9469cfc6c: how files began before PyTorch 1.6.</summary>
    private static readonly byte[] LegacyMagic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    private readonly Lock _lock = new();
    private readonly TorchZip _zip;
    private readonly OrderedDictionary<string, TorchTensor> _tensors;

    /// <summary>Opens a file and checks what it says of its tensors.</summary>
    /// <exception cref="CheckpointFormatException">No PyTorch archive, a damaged one, or one that holds more than tensors and plain values.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public TorchArchive(string path)
    {
        Path = path;
        RefuseLegacy(path);
        _zip = new TorchZip(path);
        try
        {
            RefuseBigEndian();
            var pickle = _zip.ReadAll("data.pkl", MaxPickleLength);
            _tensors = TorchStateDict.Collect(path, PickleMachine.Load(path, pickle), pickle.Length);
            foreach (var (name, tensor) in _tensors)
            {
                CheckRecord(name, tensor.Storage);
            }

            Names = [.. _tensors.Keys];
        }
        catch
        {
            _zip.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; }

    /// <inheritdoc/>
    public bool Contains(string name) => _tensors.ContainsKey(name);

    /// <inheritdoc/>
    public TensorDescription Describe(string name)
    {
        var tensor = Entry(name);
        return new TensorDescription(name, tensor.Storage.Type, tensor.Shape);
    }

    /// <inheritdoc/>
    public Tensor ReadTensor(string name)
    {
        var tensor = Entry(name);
        var type = tensor.Storage.Type;
        if (tensor.Shape.Contains(0))
        {
            return TensorBytes.Read(Path, Describe(name), _ => { });
        }

        if (StridedLayout.IsDense(tensor.Shape, tensor.Strides))
        {
            return ReadStretch(new TensorDescription(name, type, tensor.Shape), tensor);
        }

        var length = StridedLayout.Stretch(tensor.Shape, tensor.Strides)!.Value;
        using var stretch = ReadStretch(new TensorDescription(name, type, [length]), tensor);
        using var view = stretch.as_strided(tensor.Shape, Strides(tensor), 0);
        return view.contiguous();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_lock)
        {
            _zip.Dispose();
        }
    }

    /// <summary>Whether a file begins as PyTorch's did before version 1.6.</summary>
    internal static bool IsLegacy(ReadOnlySpan<byte> start) => start.StartsWith(LegacyMagic);

    /// <summary>Strides of dimensions of one element may be any number; they are made harmless.</summary>
    private static long[] Strides(TorchTensor tensor) => [.. tensor.Strides.Zip(tensor.Shape, (stride, size) => size > 1 ? stride : 1)];

    private static void RefuseLegacy(string path)
    {
        if (IsLegacy(FileBytes.Start(path, LegacyMagic.Length)))
        {
            throw new CheckpointFormatException(path, null, "it is a PyTorch file of the form before version 1.6, a bare pickle, which is not read; "
                + "in Python, torch.save(torch.load(old, map_location='cpu', weights_only=True), new) writes it in the present form");
        }
    }

    private void RefuseBigEndian()
    {
        if (_zip.Contains("byteorder") && Encoding.ASCII.GetString(_zip.ReadAll("byteorder", 16)) is var order && order != "little")
        {
            throw new CheckpointFormatException(Path, null, $"its numbers are in byte order '{order}', only 'little' is read");
        }
    }

    private void CheckRecord(string name, TorchStorage storage)
    {
        var length = _zip.Length(Record(storage));
        if (StridedLayout.Bytes([storage.Count], SafetensorsTypes.SizeOf(storage.Type)!.Value) != length)
        {
            throw new CheckpointFormatException(
                Path, name, $"its storage '{storage.Key}' says {storage.Count} elements of {storage.Type}, the record has {length} bytes");
        }
    }

    /// <summary>TorchScript names constants that parameters share with their own folder.</summary>
    private string Record(TorchStorage storage) =>
        storage.Key.StartsWith("constants/", StringComparison.Ordinal) && _zip.Contains(storage.Key) ? storage.Key : $"data/{storage.Key}";

    private TorchTensor Entry(string name) =>
        _tensors.TryGetValue(name, out var tensor) ? tensor : throw new CheckpointFormatException(Path, name, "not in the file");

    private Tensor ReadStretch(TensorDescription description, TorchTensor tensor) => TensorBytes.Read(Path, description, bytes =>
    {
        var offset = tensor.Offset * (bytes.Length / description.Count);
        lock (_lock)
        {
            _zip.Read(Record(tensor.Storage), offset, read => bytes.Fill(0, bytes.Length, read));
        }
    });
}
