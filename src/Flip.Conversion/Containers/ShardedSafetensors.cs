using System.Text.Json;
using Flip.Io;
using static TorchSharp.torch;

namespace Flip.Conversion.Containers;

/// <summary>
/// Reads a model in several safetensors files by Hugging Face's index, <c>model.safetensors.index.json</c>: an object <c>weight_map</c> of tensor
/// names and file names. Opening reads every file's header; index and files must agree. Safe to call from several threads.
/// </summary>
public sealed class ShardedSafetensors : ITensorSource
{
    /// <summary>How the names of index files end.</summary>
    public const string IndexEnding = ".safetensors.index.json";

    private const int MaxIndexLength = 100_000_000;
    private const int MaxShown = 5;

    private readonly Dictionary<string, SafetensorsReader> _shards = [];
    private readonly OrderedDictionary<string, SafetensorsReader> _tensors = [];

    /// <summary>Opens an index and its files.</summary>
    /// <param name="path">The index file, or a folder that holds one index.</param>
    /// <exception cref="CheckpointFormatException">The index is damaged, names files outside its folder, or disagrees with them.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public ShardedSafetensors(string path)
    {
        Path = Directory.Exists(path) ? FindIndex(path) : path;
        try
        {
            var map = ReadMap();
            OpenShards(map);
            CheckAgreement(map);
            Names = [.. _tensors.Keys];
        }
        catch
        {
            Dispose();
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
    public TensorDescription Describe(string name) => Shard(name).Describe(name);

    /// <inheritdoc/>
    public Tensor ReadTensor(string name) => Shard(name).ReadTensor(name);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var shard in _shards.Values)
        {
            shard.Dispose();
        }
    }

    private static string FindIndex(string folder) => Directory.GetFiles(folder, "*" + IndexEnding) switch
    {
        [var only] => only,
        { Length: 0 } => throw new CheckpointFormatException(folder, null, $"the folder holds no index (*{IndexEnding})"),
        var several => throw new CheckpointFormatException(folder, null, $"the folder holds {several.Length} indexes (*{IndexEnding}); name one"),
    };

    private SafetensorsReader Shard(string name) =>
        _tensors.TryGetValue(name, out var shard) ? shard : throw new CheckpointFormatException(Path, name, "not in the index");

    private List<(string Tensor, string File)> ReadMap()
    {
        try
        {
            using var document = JsonDocument.Parse(
                FileBytes.Small(Path, MaxIndexLength), new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 64 });
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("weight_map", out var map) && map.ValueKind == JsonValueKind.Object
                && map.EnumerateObject().All(entry => entry.Value.ValueKind == JsonValueKind.String)
                ? [.. map.EnumerateObject().Select(entry => (entry.Name, entry.Value.GetString()!))]
                : throw new CheckpointFormatException(Path, null, "the index has no object 'weight_map' of tensor names and file names");
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            // InvalidOperationException: a string with bytes that are no UTF-8, or with half a surrogate pair.
            throw new CheckpointFormatException(Path, null, $"the index is no valid JSON ({e.Message.TrimEnd('.')})", e);
        }
    }

    private void OpenShards(List<(string Tensor, string File)> map)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        var paths = map.Select(entry => entry.File).Distinct()
            .ToDictionary(file => file, file => FolderPath.Inside(folder, file)
                ?? throw new CheckpointFormatException(Path, null, $"the file name '{file}' may lead out of the index's folder"));
        if (paths.Where(pair => !File.Exists(pair.Value)).Select(pair => pair.Key).ToList() is { Count: > 0 } missing)
        {
            throw new CheckpointFormatException(Path, null, $"files of the index are missing: {Some(missing)}");
        }

        foreach (var (file, path) in paths)
        {
            _shards.Add(file, new SafetensorsReader(path));
        }
    }

    /// <summary>All disagreements at once: tensors that their file lacks, that two files hold, that the index leaves out.</summary>
    private void CheckAgreement(List<(string Tensor, string File)> map)
    {
        foreach (var (tensor, file) in map.Where(entry => _shards[entry.File].Contains(entry.Tensor)))
        {
            _tensors.Add(tensor, _shards[file]);
        }

        var held = _shards.Values.SelectMany(shard => shard.Names).CountBy(name => name).ToList();
        var problems = new[]
        {
            ("not in the files that the index names", map.Where(entry => !_tensors.ContainsKey(entry.Tensor)).Select(entry => entry.Tensor).ToList()),
            ("in more than one file", [.. held.Where(pair => pair.Value > 1).Select(pair => pair.Key)]),
            ("in a file but not in the index", [.. held.Select(pair => pair.Key).Except(map.Select(entry => entry.Tensor))]),
        };
        if (problems.Where(problem => problem.Item2.Count > 0).ToList() is { Count: > 0 } found)
        {
            throw new CheckpointFormatException(
                Path, null, "index and files disagree: " + string.Join("; ", found.Select(problem => $"{problem.Item1}: {Some(problem.Item2)}")));
        }
    }

    private static string Some(List<string> names) =>
        string.Join(", ", names.Take(MaxShown)) + (names.Count > MaxShown ? $" and {names.Count - MaxShown} more" : "");
}
