using System.Text.Json;
using Flip.Io;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Conversion.Containers;

/// <summary>
/// Reads a model in several files, safetensors or PyTorch's. Hugging Face's index (<c>model.safetensors.index.json</c>,
/// <c>pytorch_model.bin.index.json</c>: an object <c>weight_map</c> of tensor names and file names) says which; without one, their numbered names
/// do (<c>model-00001-of-00003.safetensors</c>). Opening reads what every file says of its tensors; index and files must agree. Safe to call
/// from several threads.
/// </summary>
public sealed class ShardedWeights : ITensorSource
{
    private const int MaxShown = 5;

    private readonly Dictionary<string, ITensorSource> _shards = [];
    private readonly OrderedDictionary<string, ITensorSource> _tensors = [];

    private ShardedWeights(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names => _tensors.Keys;

    /// <summary>Opens an index and its files.</summary>
    /// <param name="path">The index file.</param>
    /// <exception cref="CheckpointFormatException">The index is damaged, names files outside its folder, or disagrees with them.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    public static ShardedWeights OfIndex(string path) => new ShardedWeights(path).Opened(source =>
    {
        var map = source.ReadMap();
        source.OpenShards("files of the index are missing", source.Paths(map.Select(entry => entry.File)));
        source.CheckAgreement(map);
    });

    /// <summary>Opens all files of a numbered set.</summary>
    /// <param name="set">The set.</param>
    /// <exception cref="CheckpointFormatException">A file is missing or damaged, or two hold a tensor of one name.</exception>
    /// <exception cref="IOException">A file cannot be opened or read.</exception>
    internal static ShardedWeights OfSet(ShardSet set) => new ShardedWeights(set.Path(1)).Opened(source =>
    {
        source.OpenShards($"files of {set.Count} are missing", Enumerable.Range(1, set.Count).ToDictionary(set.FileName, set.Path));
        source.CheckAgreement([.. source._shards.SelectMany(shard => shard.Value.Names.Select(name => (name, shard.Key))).DistinctBy(entry => entry.name)]);
    });

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

    private ShardedWeights Opened(Action<ShardedWeights> open)
    {
        try
        {
            open(this);
            return this;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    private ITensorSource Shard(string name) =>
        _tensors.TryGetValue(name, out var shard) ? shard : throw new CheckpointFormatException(Path, name, "not in the files");

    private List<(string Tensor, string File)> ReadMap()
    {
        try
        {
            using var document = JsonDocument.Parse(JsonInput.Read(Path, JsonInput.MaxTable));
            return document.RootElement.ValueKind == JsonValueKind.Object
                && document.RootElement.TryGetProperty("weight_map", out var map) && map.ValueKind == JsonValueKind.Object
                && map.EnumerateObject().All(entry => entry.Value.ValueKind == JsonValueKind.String)
                ? [.. map.EnumerateObject().Select(entry => (entry.Name, entry.Value.GetString()!))]
                : throw new CheckpointFormatException(Path, null, "the index has no object 'weight_map' of tensor names and file names");
        }
        catch (JsonException e)
        {
            throw new CheckpointFormatException(Path, null, $"the index is no valid JSON ({e.Message.TrimEnd('.')})", e);
        }
    }

    private Dictionary<string, string> Paths(IEnumerable<string> files)
    {
        var folder = System.IO.Path.GetDirectoryName(System.IO.Path.GetFullPath(Path))!;
        return files.Distinct().ToDictionary(file => file, file => FolderPath.Inside(folder, file)
            ?? throw new CheckpointFormatException(Path, null, $"the file name '{file}' may lead out of the index's folder"));
    }

    private void OpenShards(string missing, Dictionary<string, string> paths)
    {
        if (paths.Count > ShardSet.MostShards)
        {
            throw new CheckpointFormatException(Path, null, $"it is in {paths.Count} files, and at most {ShardSet.MostShards} are read");
        }

        if (paths.Where(pair => !File.Exists(pair.Value)).Select(pair => pair.Key).ToList() is { Count: > 0 } lost)
        {
            throw new CheckpointFormatException(Path, null, $"{missing}: {Some(lost)}");
        }

        var tensors = 0L;
        foreach (var (file, path) in paths)
        {
            var shard = TensorSources.OpenOne(path);
            _shards.Add(file, shard);
            tensors += shard.Names.Count;
            if (tensors > SafetensorsHeader.MaxTensors)
            {
                throw new CheckpointFormatException(Path, null, $"its files hold more than {SafetensorsHeader.MaxTensors} tensors together");
            }
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
                Path, null, "the files of the model disagree: " + string.Join("; ", found.Select(problem => $"{problem.Item1}: {Some(problem.Item2)}")));
        }
    }

    private static string Some(List<string> names) =>
        string.Join(", ", names.Take(MaxShown)) + (names.Count > MaxShown ? $" and {names.Count - MaxShown} more" : "");
}
