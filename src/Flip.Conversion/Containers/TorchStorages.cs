using System.Text;
using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>What a PyTorch file is made of: its pickle, and the storages that the pickle's tensors are views of. Not safe for several threads.</summary>
internal interface ITorchStorages : IDisposable
{
    /// <summary>What the pickle holds.</summary>
    object? Root { get; }

    /// <summary>Bytes of the pickle.</summary>
    long PickleLength { get; }

    /// <summary>Bytes that the file has of a storage; null if it has none.</summary>
    /// <exception cref="CheckpointFormatException">It says an impossible number.</exception>
    long? Length(TorchStorage storage);

    /// <summary>Lets the caller read from a storage that the file has.</summary>
    /// <param name="storage">The storage.</param>
    /// <param name="offset">First byte.</param>
    /// <param name="use">Gets what fills spans, one after another.</param>
    void Read(TorchStorage storage, long offset, Action<ReadSpan> use);
}

/// <summary>What <c>torch.save</c> writes since PyTorch 1.6, and TorchScript archives: a zip file.</summary>
internal sealed class ZippedStorages : ITorchStorages
{
    /// <summary>Enough for 20 000 tensors and a long training's logs beside them; the values of a pickle can take a hundred times its length.</summary>
    public const int MaxPickleLength = 1 << 25;

    private readonly TorchZip _zip;

    /// <exception cref="CheckpointFormatException">No archive of PyTorch, or a damaged one.</exception>
    public ZippedStorages(string path)
    {
        _zip = new TorchZip(path);
        try
        {
            RefuseBigEndian(path);
            var pickle = _zip.ReadAll("data.pkl", MaxPickleLength);
            (Root, PickleLength) = (PickleMachine.Load(new PickleBytes(path, pickle)), pickle.Length);
        }
        catch
        {
            _zip.Dispose();
            throw;
        }
    }

    public object? Root { get; }

    public long PickleLength { get; }

    public long? Length(TorchStorage storage) => Record(storage) is var record && _zip.Contains(record) ? _zip.Length(record) : null;

    public void Read(TorchStorage storage, long offset, Action<ReadSpan> use) => _zip.Read(Record(storage), offset, use);

    public void Dispose() => _zip.Dispose();

    private void RefuseBigEndian(string path)
    {
        if (_zip.Contains("byteorder") && Encoding.ASCII.GetString(_zip.ReadAll("byteorder", 16)) is var order && order != "little")
        {
            throw new CheckpointFormatException(path, null, $"its numbers are in byte order '{order}', only 'little' is read");
        }
    }

    /// <summary>TorchScript names constants that parameters share with their own folder.</summary>
    private string Record(TorchStorage storage) =>
        storage.Key.StartsWith("constants/", StringComparison.Ordinal) && _zip.Contains(storage.Key) ? storage.Key : $"data/{storage.Key}";
}
