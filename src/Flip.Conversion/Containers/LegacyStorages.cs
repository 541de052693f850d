using System.Buffers.Binary;
using Flip.Storage;
using Microsoft.Win32.SafeHandles;

namespace Flip.Conversion.Containers;

/// <summary>
/// What <c>torch.save</c> wrote before PyTorch 1.6, and writes still where <c>_use_new_zipfile_serialization</c> is off: pickles of a magic number,
/// a version, the machine's properties, the object and the storages' keys; then each storage as its count and its numbers.
/// </summary>
internal sealed class LegacyStorages : ITorchStorages
{
    private const long Version = 1001;

    /// <summary>Protocol 2, then the number 0x1950a86a20f9469cfc6c.</summary>
    private static readonly byte[] Magic = [0x80, 0x02, 0x8a, 0x0a, 0x6c, 0xfc, 0x9c, 0x46, 0xf9, 0x20, 0x6a, 0xa8, 0x50, 0x19];

    private readonly string _path;
    private readonly SafeFileHandle _file;
    private readonly Dictionary<string, (long Start, long Length)> _storages = [];

    /// <exception cref="CheckpointFormatException">The file is damaged, or of a machine with another byte order.</exception>
    public LegacyStorages(string path)
    {
        _path = path;
        _file = TensorFile.OpenHandle(path);
        try
        {
            var bytes = new PickleBytes(path, FileBytes.Start(path, ZippedStorages.MaxPickleLength));
            PickleMachine.Load(bytes);
            CheckHeader(PickleMachine.Load(bytes), PickleMachine.Load(bytes));
            var (start, storages) = (bytes.Position, new Dictionary<string, TorchStorage>());
            Root = PickleMachine.Load(bytes, storages);
            PickleLength = bytes.Position - start;
            FindStorages(PickleMachine.Load(bytes), bytes, storages);
        }
        catch
        {
            _file.Dispose();
            throw;
        }
    }

    public object? Root { get; }

    public long PickleLength { get; }

    /// <summary>Whether a file begins so.</summary>
    public static bool IsLegacy(ReadOnlySpan<byte> start) => start.StartsWith(Magic);

    public long? Length(TorchStorage storage) => _storages.TryGetValue(storage.Key, out var place) ? place.Length : null;

    public void Read(TorchStorage storage, long offset, Action<ReadSpan> use)
    {
        var position = _storages[storage.Key].Start + offset;
        use(destination =>
        {
            FileBytes.ReadExactly(_file, _path, destination, position);
            position += destination.Length;
        });
    }

    public void Dispose() => _file.Dispose();

    private void CheckHeader(object? version, object? machine)
    {
        if (version is not Version)
        {
            throw new CheckpointFormatException(_path, null, $"it is a PyTorch file of the form before version 1.6, but not of its version {Version}");
        }

        if ((machine as PickleDict)?.Get("little_endian") is false)
        {
            throw new CheckpointFormatException(_path, null, "its numbers are in byte order 'big', only 'little' is read");
        }
    }

    private void FindStorages(object? keys, PickleBytes bytes, Dictionary<string, TorchStorage> storages)
    {
        var (position, end) = ((long)bytes.Position, RandomAccess.GetLength(_file));
        var count = new byte[sizeof(long)];
        foreach (var key in keys as List<object?> ?? throw bytes.Wrong("no list of storages follows it"))
        {
            var size = key is string name && storages.TryGetValue(name, out var storage) && ElementSize(storage) is { } known
                ? known
                : throw bytes.Wrong("a storage that no tensor needs, or of a type that is not read");
            if (end - position < count.Length)
            {
                throw new CheckpointFormatException(_path, null, $"the file ends before storage '{key}'");
            }

            FileBytes.ReadExactly(_file, _path, count, position);
            position += count.Length;
            var elements = BinaryPrimitives.ReadInt64LittleEndian(count);
            if (elements < 0 || elements > (end - position) / size || !_storages.TryAdd(name, (position, elements * size)))
            {
                throw new CheckpointFormatException(_path, null, $"storage '{key}' of {elements} elements is not within the file, or there twice");
            }

            position += elements * size;
        }
    }

    private static int? ElementSize(TorchStorage storage) => storage.Type is { } type ? SafetensorsTypes.SizeOf(type) : storage.Kind.Name switch
    {
        "ComplexDoubleStorage" => 16,
        "QInt8Storage" or "QUInt8Storage" => 1,
        "QInt32Storage" => 4,
        _ => null,
    };
}
