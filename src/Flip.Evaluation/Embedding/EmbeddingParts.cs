using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using Flip.Data;
using Flip.Io;
using Flip.Storage;
using static TorchSharp.torch;

namespace Flip.Evaluation.Embedding;

/// <summary>
/// The embeddings of an unfinished file, in a folder beside it: <c>manifest.json</c>, and files that each hold a range of the items and
/// appear whole or not at all. One process at a time has the folder.
/// </summary>
internal sealed partial class EmbeddingParts : IDisposable
{
    private const string Suffix = ".parts";
    private const string ManifestFile = "manifest.json";
    private const string Vectors = "embeddings";
    private const string Items = "items";

    private static readonly JsonSerializerOptions Json = new() { RespectNullableAnnotations = true, RespectRequiredConstructorParameters = true };

    private readonly string _folder;
    private readonly FolderLock _lock;
    private readonly List<Part> _parts = [];

    private EmbeddingParts(string folder, FolderLock held, EmbeddingManifest manifest)
    {
        (_folder, _lock, Manifest) = (folder, held, manifest);
    }

    /// <summary>What the embeddings depend on.</summary>
    public EmbeddingManifest Manifest { get; }

    /// <summary>The first item that is in no part.</summary>
    public long Next => _parts.Count > 0 ? _parts[^1].Next : 0;

    /// <summary>Embeddings in all parts.</summary>
    public long Embedded => _parts.Sum(part => (long)part.Count);

    /// <summary>Items that were left out.</summary>
    public IReadOnlyList<MissingItem> Missing => [.. _parts.SelectMany(part => part.Missing)];

    /// <summary>Opens the folder of a file, or begins it.</summary>
    /// <param name="path">The file that the parts are for.</param>
    /// <param name="manifest">What the embeddings depend on.</param>
    /// <param name="overwrite">Whether work that cannot be continued is thrown away; it is an error else.</param>
    /// <param name="allowMissing">Whether work that left items out can be continued.</param>
    /// <exception cref="ConfigException">Work that is there cannot be continued, or the folder holds other files.</exception>
    /// <exception cref="ForeignEntryException">The folder or something in it is a link, or no file.</exception>
    /// <exception cref="FolderInUseException">Another process makes the same file.</exception>
    public static EmbeddingParts Open(string path, EmbeddingManifest manifest, bool overwrite, bool allowMissing)
    {
        var folder = Path.GetFullPath(path) + Suffix;
        OwnEntries.RequireWay(Path.GetDirectoryName(folder)!, Path.Combine(folder, ManifestFile));
        var parts = new EmbeddingParts(folder, FolderLock.Take(folder), manifest);
        try
        {
            RequireOwn(folder);
            var file = Path.Combine(folder, ManifestFile);
            var hasBegun = File.Exists(file);
            var problem = hasBegun ? Differences(file, manifest) ?? parts.Scan(allowMissing) : null;
            if (problem is not null && !overwrite)
            {
                throw new ConfigException(
                    $"{folder} holds unfinished work that cannot be continued: {problem}. Begin anew (--overwrite), or name another file.");
            }

            if (problem is not null || !hasBegun)
            {
                parts.Clear();
                AtomicFile.WriteText(file, manifest.ToJson());
            }

            return parts;
        }
        catch
        {
            parts.Dispose();
            throw;
        }
    }

    /// <summary>Writes the next part.</summary>
    public void Add(EmbeddedItems items)
    {
        if (items.First != Next)
        {
            throw new ArgumentException($"The next item is {Next}, not {items.First}.", nameof(items));
        }

        var part = new PartItems(items.Next, items.Keys, items.Texts, items.Missing);
        var json = JsonSerializer.SerializeToUtf8Bytes(part, Json);
        var path = PathOf(items.First);
        SafetensorsWriter.Write(
            path,
            [
                (new TensorDescription(Vectors, "F32", [items.Keys.Count, Manifest.EmbedDim]), stream => RawFloats.Write(stream, items.Vectors)),
                (new TensorDescription(Items, "U8", [json.Length]), stream => stream.Write(json)),
            ],
            temporarySuffix: ".tmp");
        _parts.Add(new Part(path, items.Next, items.Keys.Count, items.Missing));
    }

    /// <summary>All parts in order, one at a time.</summary>
    public IEnumerable<EmbeddedItems> Read()
    {
        var first = 0L;
        foreach (var part in _parts)
        {
            using var reader = new SafetensorsReader(part.Path);
            var items = ReadItems(reader);
            yield return new EmbeddedItems(first, part.Next, items.Keys, items.Texts, reader.ReadFloats(Vectors), items.Missing);
            first = part.Next;
        }
    }

    /// <summary>The keys of all parts in order, without the embeddings.</summary>
    public IEnumerable<string> Keys()
    {
        foreach (var part in _parts)
        {
            using var reader = new SafetensorsReader(part.Path);
            foreach (var key in ReadItems(reader).Keys)
            {
                yield return key;
            }
        }
    }

    /// <summary>Removes the folder, when its file is written.</summary>
    public void Delete() => _lock.DeleteFolder();

    /// <inheritdoc/>
    public void Dispose() => _lock.Dispose();

    /// <summary>The folder is removed with all that is in it, so all of that has to be of a job.</summary>
    private static void RequireOwn(string folder)
    {
        OwnEntries.Require(Path.GetDirectoryName(folder)!, Path.GetFileName(folder));
        if (Directory.EnumerateFileSystemEntries(folder).FirstOrDefault(entry => Directory.Exists(entry) || !OwnName().IsMatch(Path.GetFileName(entry))) is { } other)
        {
            throw new ConfigException($"{folder} is to hold unfinished work and holds '{Path.GetFileName(other)}' too: move that elsewhere, or name another file.");
        }
    }

    /// <summary>Manifest, parts and the lock's files, with what a killed process left of them.</summary>
    [GeneratedRegex(@"\A(manifest\.json|part-[0-9]{12,}\.safetensors|\.lock|\.lock\.json)(\.([^.]+\.)?tmp)?\z")]
    private static partial Regex OwnName();

    private static string? Differences(string file, EmbeddingManifest manifest)
    {
        try
        {
            var differences = manifest.DifferencesFrom(EmbeddingManifest.Parse(File.ReadAllText(file)));
            return differences.Count > 0 ? string.Join("; ", differences) : null;
        }
        catch (JsonException e)
        {
            return $"{ManifestFile} is not readable ({e.Message.TrimEnd('.')})";
        }
    }

    private void Clear()
    {
        _parts.Clear();
        foreach (var file in Directory.EnumerateFiles(_folder).Where(file => !FolderLock.Owns(file)))
        {
            File.Delete(file);
        }
    }

    /// <summary>Finds the parts that follow each other from the first item on; what keeps them from being continued, or null.</summary>
    private string? Scan(bool allowMissing)
    {
        try
        {
            for (var path = PathOf(0); Next < Manifest.Items && File.Exists(path); path = PathOf(Next))
            {
                _parts.Add(ReadPart(path));
            }
        }
        catch (CheckpointFormatException e)
        {
            return e.Message.TrimEnd('.');
        }

        return !allowMissing && Missing is [var missing, ..]
            ? $"it left out '{missing.Key}' ({missing.Problem.TrimEnd('.')}), which is not allowed now (--allow-missing)"
            : null;
    }

    private Part ReadPart(string path)
    {
        using var reader = new SafetensorsReader(path);
        var items = ReadItems(reader);
        return items.Next > Next && items.Next <= Manifest.Items
            && reader.Describe(Vectors).Shape.SequenceEqual([items.Keys.Count, Manifest.EmbedDim])
            && (items.Texts is null || items.Texts.Count == items.Keys.Count)
            ? new Part(path, items.Next, items.Keys.Count, items.Missing)
            : throw new CheckpointFormatException(path, null, "a part that does not fit its manifest");
    }

    private string PathOf(long first) =>
        Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"part-{first:D12}.safetensors"));

    private static PartItems ReadItems(SafetensorsReader reader)
    {
        try
        {
            using var scope = NewDisposeScope();
            var json = reader.ReadTensor(Items).bytes;
            JsonInput.Check(json, default);
            return JsonSerializer.Deserialize<PartItems>(json, Json) ?? throw new JsonException("no items");
        }
        catch (JsonException e)
        {
            throw new CheckpointFormatException(reader.Path, Items, e.Message.TrimEnd('.'), e);
        }
    }

    private sealed record Part(string Path, long Next, int Count, IReadOnlyList<MissingItem> Missing);

    private sealed record PartItems(long Next, IReadOnlyList<string> Keys, IReadOnlyList<string>? Texts, IReadOnlyList<MissingItem> Missing);
}
