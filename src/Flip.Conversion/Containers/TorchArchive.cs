using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Conversion.Containers;

/// <summary>
/// Reads the tensors of a PyTorch file (<c>.pt</c>, <c>.ckpt</c>, <c>.bin</c>): what <c>torch.save</c> writes, in its present form and the one before
/// PyTorch 1.6, and TorchScript archives such as OpenAI's. Nothing in the file is executed: tensors and containers are read, all else that a
/// training stores is passed over, and a name that runs programs is an error. What is wrong with one tensor is reported when it is described or
/// read, so that damage elsewhere costs nothing. Memory asked for is the pickle's values and one tensor, which is never longer than its storage
/// (for a view with strides also the stretch that it lies in). Names are keys, list indices and attributes joined by dots. In TorchScript
/// archives every attribute that is a tensor has a name, also those that a state dict leaves out. Safe to call from several threads.
/// </summary>
public sealed class TorchArchive : ITensorSource
{
    private readonly Lock _lock = new();
    private readonly ITorchStorages _storages;
    private readonly OrderedDictionary<string, TorchTensor> _tensors;

    /// <summary>Opens a file and reads what it says of its tensors.</summary>
    /// <exception cref="CheckpointFormatException">No PyTorch file, a damaged one, one without tensors, or one that names what runs programs.</exception>
    /// <exception cref="IOException">The file cannot be opened or read.</exception>
    public TorchArchive(string path)
    {
        Path = path;
        _storages = LegacyStorages.IsLegacy(FileBytes.Start(path, 64)) ? new LegacyStorages(path) : new ZippedStorages(path);
        try
        {
            _tensors = TorchStateDict.Collect(path, _storages.Root, _storages.PickleLength);
            Names = [.. _tensors.Keys];
            StoredBytes.Check(path, Names.Select(DescribeReadable).OfType<TensorDescription>().Select(tensor => (tensor.Type, tensor.Shape)), new FileInfo(path).Length);
        }
        catch
        {
            _storages.Dispose();
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
        var tensor = Readable(name);
        return new TensorDescription(name, tensor.Type, tensor.Shape);
    }

    /// <inheritdoc/>
    public Tensor ReadTensor(string name)
    {
        var tensor = Readable(name);
        var type = tensor.Type;
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
            _storages.Dispose();
        }
    }

    private TensorDescription? DescribeReadable(string name)
    {
        try
        {
            return Describe(name);
        }
        catch (CheckpointFormatException)
        {
            return null; // told when it is asked for, and it takes no memory
        }
    }

    /// <summary>Strides of dimensions of one element may be any number; they are made harmless.</summary>
    private static long[] Strides(TorchTensor tensor) => [.. tensor.Strides.Zip(tensor.Shape, (stride, size) => size > 1 ? stride : 1)];

    private TorchTensor Readable(string name)
    {
        var tensor = _tensors.TryGetValue(name, out var found) ? found : throw new CheckpointFormatException(Path, name, "not in the file");
        if (tensor.Problem is { } problem)
        {
            throw new CheckpointFormatException(Path, name, problem);
        }

        var (storage, length) = (tensor.Storage, Length(tensor.Storage));
        return length is null
            ? throw new CheckpointFormatException(Path, name, $"the file lacks its storage '{storage.Key}'")
            : StridedLayout.Bytes([storage.Count], SafetensorsTypes.SizeOf(storage.Type!)!.Value) == length
                ? tensor
                : throw new CheckpointFormatException(
                    Path, name, $"its storage '{storage.Key}' says {storage.Count} elements of {storage.Type}, the record has {length} bytes");
    }

    private long? Length(TorchStorage storage)
    {
        lock (_lock)
        {
            return _storages.Length(storage);
        }
    }

    private Tensor ReadStretch(TensorDescription description, TorchTensor tensor) => TensorBytes.Read(Path, description, bytes =>
    {
        var offset = tensor.Offset * (bytes.Length / description.Count);
        lock (_lock)
        {
            _storages.Read(tensor.Storage, offset, read => bytes.Fill(0, bytes.Length, read));
        }
    });
}
