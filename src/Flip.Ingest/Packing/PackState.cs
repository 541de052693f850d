using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Io;

namespace Flip.Ingest.Packing;

/// <summary>How far a packing is, and its result: <c>pack.json</c>. Written anew, whole, after each shard, and no longer than the causes of drops. It has no time and no machine, so equal work gives equal bytes.</summary>
public sealed record PackState
{
    /// <summary>The file's name.</summary>
    public const string FileName = "pack.json";

    private const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    };

    /// <summary>Of this file's form.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Whether all entries are done.</summary>
    public bool IsComplete { get; init; }

    /// <summary>Settings that decide what is in the shards, by name.</summary>
    public required SortedDictionary<string, string> Settings { get; init; }

    /// <summary>Entries of the source that are done.</summary>
    public long Entries { get; init; }

    /// <summary>Samples in shards.</summary>
    public long Samples { get; init; }

    /// <summary>Shards that are finished.</summary>
    public int Shards { get; init; }

    /// <summary>Bytes of the shards.</summary>
    public long Bytes { get; init; }

    /// <summary>Captions that were left out of samples that have others, by cause.</summary>
    public SortedDictionary<string, long> DroppedCaptions { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Entries that are in no shard, by cause.</summary>
    public SortedDictionary<string, long> Dropped { get; init; } = new(StringComparer.Ordinal);

    /// <summary>Samples that the selection names and the source has not; null before the end, and where all samples are kept.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? NotFound { get; init; }

    /// <summary>The first entry of each cause, and what is wrong with it.</summary>
    public SortedDictionary<string, string> Examples { get; init; } = new(StringComparer.Ordinal);

    /// <summary>The state of a folder; a new one where it has none.</summary>
    /// <exception cref="ConfigException">It has one of other settings; the message says which differ.</exception>
    internal static PackState Of(string folder, SortedDictionary<string, string> settings)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            return new PackState { Settings = settings };
        }

        PackState state;
        try
        {
            state = JsonSerializer.Deserialize<PackState>(JsonInput.Read(path).Span, Json) ?? throw new JsonException("it is null");
        }
        catch (Exception e) when (e is JsonException or IOException or NotSupportedException)
        {
            throw new ConfigException($"'{path}' cannot be read: {e.Message.ReplaceLineEndings(" ")} Choose another folder, or remove this one.");
        }

        string[] other = [.. settings.Keys.Union(state.Settings.Keys, StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Where(name => settings.GetValueOrDefault(name) != state.Settings.GetValueOrDefault(name))
            .Select(name => $"{name} ({state.Settings.GetValueOrDefault(name, "not set")} there, {settings.GetValueOrDefault(name, "not set")} now)")];
        return state.Version != CurrentVersion ? throw new ConfigException($"'{path}' is of version {state.Version}, and this program writes version {CurrentVersion}: choose another folder.")
            : other.Length > 0 ? throw new ConfigException($"'{folder}' was begun with other settings: {string.Join(", ", other)}. Choose another folder, or remove this one.")
            : state;
    }

    /// <summary>A copy whose counts can be changed without this one.</summary>
    internal PackState Copy() => this with
    {
        Dropped = new(Dropped, StringComparer.Ordinal),
        DroppedCaptions = new(DroppedCaptions, StringComparer.Ordinal),
        Examples = new(Examples, StringComparer.Ordinal),
    };

    /// <summary>Writes the state.</summary>
    internal void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json) + "\n");
}
