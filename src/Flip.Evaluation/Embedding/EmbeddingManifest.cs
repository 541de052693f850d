using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Data;
using Flip.Io;

namespace Flip.Evaluation.Embedding;

/// <summary>All that embeddings depend on. Work is continued only where it is the same, and it is written into the result.</summary>
/// <param name="Kind">Images or texts.</param>
/// <param name="Items">Items of the source.</param>
/// <param name="Source">The source's fingerprint.</param>
/// <param name="EmbedDim">Width D of an embedding.</param>
/// <param name="Weights">Hash of the model's weights.</param>
/// <param name="Settings">What else the numbers depend on, by name, such as precision and batch size.</param>
public sealed record EmbeddingManifest(
    string Kind, long Items, string Source, int EmbedDim, string Weights, SortedDictionary<string, string> Settings)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>The manifest of an encoder.</summary>
    /// <param name="items">Source and model.</param>
    /// <param name="weights">Hash of the model's weights.</param>
    /// <param name="settings">What else the numbers depend on, by name.</param>
    /// <param name="hashes">Computes and keeps the hashes of files; null computes them anew.</param>
    /// <param name="cancellation">Stops the hashing.</param>
    public static EmbeddingManifest Of(
        IItemEncoder items,
        string weights,
        IReadOnlyDictionary<string, string> settings,
        ContentHashes? hashes = null,
        CancellationToken cancellation = default) => new(
        items.Kind, items.Count, items.Fingerprint(hashes, cancellation), items.EmbedDim, weights, new(settings.ToDictionary(), StringComparer.Ordinal));

    /// <summary>Reads what <see cref="ToJson"/> wrote.</summary>
    /// <exception cref="JsonException">It is something else.</exception>
    public static EmbeddingManifest Parse(string json) =>
        JsonSerializer.Deserialize<EmbeddingManifest>(JsonInput.Checked(json), Json) ?? throw new JsonException("no manifest");

    /// <summary>The manifest as text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    /// <summary>What another manifest has otherwise, such as "precision was Float32 and is BFloat16"; empty where they are the same.</summary>
    /// <param name="before">The other one.</param>
    public IReadOnlyList<string> DifferencesFrom(EmbeddingManifest before)
    {
        var (was, now) = (before.ToValues(), ToValues());
        return
        [
            .. was.Keys.Union(now.Keys)
                .Where(name => was.GetValueOrDefault(name) != now.GetValueOrDefault(name))
                .Select(name => $"{name} was {was.GetValueOrDefault(name) ?? "not there"} and is {now.GetValueOrDefault(name) ?? "not there"}"),
        ];
    }

    /// <summary>All values as text, by name; for the header of a file.</summary>
    public IReadOnlyDictionary<string, string> ToValues() => new Dictionary<string, string>(Settings)
    {
        ["kind"] = Kind,
        ["items"] = Items.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["source"] = Source,
        ["embedDim"] = EmbedDim.ToString(System.Globalization.CultureInfo.InvariantCulture),
        ["weights"] = Weights,
    };
}
