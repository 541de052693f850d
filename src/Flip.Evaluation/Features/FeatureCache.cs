using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Collectives;
using Flip.Data;
using Flip.Evaluation.Embedding;
using Flip.Io;
using Flip.Storage;

namespace Flip.Evaluation.Features;

/// <summary>
/// Features that are extracted once: a file each, whose name is a hash of all that they depend on (<see cref="EmbeddingManifest"/>), with a
/// <c>.json</c> beside it that holds the manifest, the file's hash and what was left out. A file that is not what it was is reported and made
/// anew; an extraction that was stopped goes on (<see cref="EmbeddingJob"/>). A folder that is made for them is for its owner alone. Of ranks that share
/// the extraction, rank 0 alone reads and writes files, and tells the others whether there is anything to extract.
/// </summary>
/// <param name="folder">Where the files are; created if need be.</param>
/// <param name="say">Receives what a user should know, in a sentence.</param>
/// <param name="ranks">Who shares the images (<see cref="SharedItems"/>); null for this process alone.</param>
public sealed class FeatureCache(string folder, Action<string>? say = null, ICommunicator? ranks = null)
{
    private const int NameDigits = 32;

    private readonly ICommunicator _ranks = ranks ?? OneProcess.Instance;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The file of a manifest.</summary>
    public string PathOf(EmbeddingManifest manifest) => Path.Combine(
        folder,
        Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(manifest.ToJson())))[..NameDigits] + SafetensorsEmbeddings.Extension);

    /// <summary>Reads the features, or extracts them where they are not there.</summary>
    /// <param name="items">Source and model.</param>
    /// <param name="manifest">What the features depend on.</param>
    /// <param name="allowMissing">Whether images that cannot be used may be left out.</param>
    /// <param name="report">Receives how many images are done.</param>
    /// <param name="cancellation">Stops after a batch; what is done is kept.</param>
    /// <returns>The features; null on other ranks than the first.</returns>
    /// <exception cref="EvaluationDataException">An image cannot be used, and that is not allowed.</exception>
    /// <exception cref="ConfigException">No image can be used, or another process is at the same features.</exception>
    public FeatureSet? Read(
        IItemEncoder items,
        EmbeddingManifest manifest,
        bool allowMissing = false,
        Action<long>? report = null,
        CancellationToken cancellation = default)
    {
        var path = PathOf(manifest);
        FeatureSet? found = null;
        var isThere = FirstRank.Tell(_ranks, () => (found = FindUsable(path, manifest, allowMissing, report)) is not null);
        if (isThere)
        {
            return found;
        }

        // Whatever is in its place is damaged or unfinished, and all of it can be made again.
        FirstRank.Do(_ranks, () => PrivateFolder.Create(folder));
        var made = new EmbeddingJob(path, ranks: _ranks).Run(items, manifest, overwrite: true, allowMissing, report, cancellation);
        return FirstRank.Keep(_ranks, () =>
        {
            PrivateFolder.Keep(path);
            AtomicFile.WriteText(EntryOf(path), JsonSerializer.Serialize(new Entry(manifest, HashOf(path), made.Missing), Json));
            PrivateFolder.Keep(EntryOf(path));
            return ReadFile(path, manifest, made.Missing);
        });
    }

    private FeatureSet? FindUsable(string path, EmbeddingManifest manifest, bool allowMissing, Action<long>? report)
    {
        if (Find(path, manifest) is not { } found)
        {
            return null;
        }

        report?.Invoke(manifest.Items);
        return !allowMissing && found.Missing is [var missing, ..]
            ? throw new EvaluationDataException(
                $"The image '{missing.Key}' cannot be used: {missing.Problem.TrimEnd('.')}. --allow-missing leaves it out, as the features in {path} do.")
            : found;
    }

    private static string EntryOf(string path) => Path.ChangeExtension(path, ".json");

    private static string HashOf(string path)
    {
        using var stream = File.OpenRead(path);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    /// <summary>The features of a file that is whole; null where there is none, also of a process that was killed before it wrote the entry.</summary>
    private FeatureSet? Find(string path, EmbeddingManifest manifest)
    {
        var file = EntryOf(path);
        if (!File.Exists(file) || !File.Exists(path))
        {
            return null;
        }

        if ((OwnEntries.Problem(file) ?? OwnEntries.Problem(path)) is { } foreign)
        {
            return Refuse($"it or its entry {foreign}");
        }

        try
        {
            var entry = JsonSerializer.Deserialize<Entry>(JsonInput.Read(file, JsonInput.MaxTable).Span, Json) ?? throw new JsonException("no entry");
            var problem = entry.Manifest.DifferencesFrom(manifest) is { Count: > 0 } ? "it is of other features"
                : entry.Sha256 != HashOf(path) ? "its content has changed"
                : null;
            return problem is null ? ReadFile(path, manifest, entry.Missing) : Refuse(problem);
        }
        catch (Exception e) when (e is JsonException or CheckpointFormatException)
        {
            return Refuse(e.Message.TrimEnd('.'));
        }

        FeatureSet? Refuse(string problem)
        {
            say?.Invoke($"The cached features {path} are not usable ({problem}): they are extracted anew.");
            return null;
        }
    }

    private static FeatureSet ReadFile(string path, EmbeddingManifest manifest, IReadOnlyList<MissingItem> missing)
    {
        using var reader = new SafetensorsReader(path);
        var (keys, values) = SafetensorsEmbeddings.Read(reader);
        return keys.Count + missing.Count == manifest.Items && values.LongLength == (long)keys.Count * manifest.EmbedDim
            ? new FeatureSet(keys, values, manifest.EmbedDim, missing, manifest.Source)
            : throw new CheckpointFormatException(path, null, "its rows do not fit its manifest");
    }

    private sealed record Entry(EmbeddingManifest Manifest, string Sha256, IReadOnlyList<MissingItem> Missing);
}
