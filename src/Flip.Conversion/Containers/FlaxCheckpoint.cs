using System.Globalization;
using Flip.Storage;
using Microsoft.Win32.SafeHandles;
using static TorchSharp.torch;
using MessagePackMap = System.Collections.Generic.OrderedDictionary<string, object?>;

namespace Flip.Conversion.Containers;

/// <summary>
/// Reads the parameters of a flax checkpoint. Of T5X, as the official FLIP release: a folder <c>checkpoint_&lt;step&gt;</c> with a MessagePack index
/// <c>checkpoint</c> and a zarr folder for every large parameter. Or plain flax: one MessagePack file. Names are paths with slashes,
/// <c>img_encoder/Transformer/...</c>. Only parameters are shown: <c>optimizer/target</c>, or else <c>target</c>, <c>params</c>, or the whole file.
/// Opening checks types, shapes and which files are there; data is read when asked for, and memory asked for is one tensor. File names in
/// the index may not lead out of its folder. Safe to call from several threads.
/// </summary>
public sealed class FlaxCheckpoint : ITensorSource
{
    private const string IndexName = "checkpoint";
    private const string StepPrefix = "checkpoint_";
    private const string PlaceholderPrefix = "PLACEHOLDER://";

    private readonly SafeFileHandle _file;
    private readonly string _folder;
    private readonly OrderedDictionary<string, IFlaxArray> _arrays = [];
    private readonly HashSet<string> _zarrFolders = [];
    private long _storedBytes;

    /// <summary>T5X wrote bfloat16 as its bits before version 3.</summary>
    private readonly bool _hasBitsOfBfloat16;

    /// <summary>Opens a checkpoint.</summary>
    /// <param name="path">
    /// A folder that holds <c>checkpoint</c>, one that holds folders <c>checkpoint_&lt;step&gt;</c> (the last step is taken), or a file.
    /// </param>
    /// <exception cref="CheckpointFormatException">No flax checkpoint, a damaged one, or one that is not read.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public FlaxCheckpoint(string path)
    {
        Path = Directory.Exists(path)
            ? FindIndex(path)
                ?? throw new CheckpointFormatException(path, null, "the folder holds neither 'checkpoint' nor 'checkpoint_<step>/checkpoint'")
            : path;
        _folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        _file = TensorFile.OpenHandle(Path);
        try
        {
            var tree = new MessagePackTree(Path, _file);
            if (tree.Read(0, RandomAccess.GetLength(_file)) is not MessagePackMap root)
            {
                throw new CheckpointFormatException(Path, null, "it holds no map of arrays");
            }

            _hasBitsOfBfloat16 = root.GetValueOrDefault("version") is long and < 3;
            Collect(tree, "", Parameters(root));
            StoredBytes.Check(Path, _arrays.Values.Select(array => (array.Type, array.Shape)), _storedBytes);
            Names = [.. _arrays.Keys];
            if (Names.Count == 0)
            {
                throw new CheckpointFormatException(Path, null, "it holds no arrays");
            }
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

    /// <inheritdoc/>
    public bool Contains(string name) => _arrays.ContainsKey(name);

    /// <inheritdoc/>
    public TensorDescription Describe(string name)
    {
        var array = Entry(name);
        return new TensorDescription(name, array.Type, array.Shape);
    }

    /// <inheritdoc/>
    public Tensor ReadTensor(string name)
    {
        var array = Entry(name);
        array.CheckData(name);
        return TensorBytes.Read(Path, Describe(name), bytes => array.Read(name, bytes));
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>The index in a folder, or null: its own, or that of the last step.</summary>
    internal static string? FindIndex(string folder)
    {
        var own = System.IO.Path.Combine(folder, IndexName);
        return File.Exists(own)
            ? own
            : Directory.EnumerateDirectories(folder, StepPrefix + "*")
                .Select(step => (Index: System.IO.Path.Combine(step, IndexName), Step: Step(System.IO.Path.GetFileName(step))))
                .Where(found => found.Step is not null && File.Exists(found.Index))
                .OrderByDescending(found => found.Step).FirstOrDefault().Index;
    }

    private static long? Step(string name) =>
        long.TryParse(name.AsSpan(StepPrefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var step) ? step : null;

    private MessagePackMap Parameters(MessagePackMap root)
    {
        if (root.TryGetValue("optimizer", out var optimizer))
        {
            return optimizer is MessagePackMap state && state.GetValueOrDefault("target") is MessagePackMap target
                ? target
                : throw new CheckpointFormatException(Path, null, "it holds no parameters (optimizer/target)");
        }

        return root.GetValueOrDefault("target") as MessagePackMap ?? root.GetValueOrDefault("params") as MessagePackMap ?? root;
    }

    private void Collect(MessagePackTree tree, string prefix, object? value)
    {
        if (Array(tree, prefix, value) is { } array)
        {
            _storedBytes += array.CheckData(prefix);
            if (!_arrays.TryAdd(prefix, array))
            {
                throw new CheckpointFormatException(Path, prefix, "the checkpoint holds two tensors of this name");
            }
        }
        else if (value is MessagePackMap map)
        {
            foreach (var (key, item) in map)
            {
                Collect(tree, prefix.Length == 0 ? key : $"{prefix}/{key}", item);
            }
        }
    }

    private IFlaxArray? Array(MessagePackTree tree, string name, object? value) => value switch
    {
        _ when FlaxInlineArray.IsArray(value) => FlaxInlineArray.Parse(Path, _file, tree, name, value!),
        string text when text.StartsWith(PlaceholderPrefix, StringComparison.Ordinal) => Zarr(name, text[PlaceholderPrefix.Length..], null),
        MessagePackMap map when map.ContainsKey("driver") && map.GetValueOrDefault("kvstore") is MessagePackMap store =>
            map["driver"] is "zarr" && (store.GetValueOrDefault("path") ?? map.GetValueOrDefault("path")) is string folder
                ? Zarr(name, folder, map.GetValueOrDefault("metadata") as MessagePackMap)
                : throw new CheckpointFormatException(
                    Path, name, $"arrays of TensorStore's driver '{map["driver"]}' are not read, only zarr with a path"),
        _ => null,
    };

    private ZarrArray Zarr(string name, string relative, MessagePackMap? metadata)
    {
        var folder = FolderPath.Inside(_folder, relative.TrimEnd('/'))
            ?? throw new CheckpointFormatException(Path, name, $"the folder name '{relative}' may lead out of the checkpoint");
        if (!_zarrFolders.Add(folder))
        {
            throw new CheckpointFormatException(Path, name, $"another parameter is in the same folder '{relative}'");
        }

        var array = new ZarrArray(folder, name);
        if (metadata?.GetValueOrDefault("shape") is List<object?> shape && !shape.SequenceEqual(array.Shape.Cast<object?>()))
        {
            throw new CheckpointFormatException(
                folder, name, $"the index gives it shape [{string.Join(", ", shape)}], its folder [{string.Join(", ", array.Shape)}]");
        }

        return _hasBitsOfBfloat16 && array.Type == "U16" ? new ZarrArray(folder, name) { ReadAs = "BF16" } : array;
    }

    private IFlaxArray Entry(string name) =>
        _arrays.TryGetValue(name, out var array) ? array : throw new CheckpointFormatException(Path, name, "not in the checkpoint");
}
