using System.Text.Json;
using System.Text.Json.Serialization;
using Flip.Io;
using Flip.Search.Vectors;

namespace Flip.Search;

/// <summary>
/// An index's <c>index.json</c>: what it is, and which generation of it is published. Whatever changes an index writes this file last, so a reader sees the index
/// before the change or after it.
/// </summary>
/// <param name="Version">Of this form.</param>
/// <param name="Generation">How often it was published; 0 for one that is begun.</param>
/// <param name="Images">Its images.</param>
/// <param name="Vectors">Vectors in its file; those of images that are gone stay until a fifth of all are such.</param>
/// <param name="VectorsOf">The generation that the file of vectors was written for.</param>
/// <param name="LastContent">Highest number of a content that was given a vector.</param>
/// <param name="Settings">What it is made as.</param>
public sealed record IndexDescription(int Version, int Generation, long Images, int Vectors, int VectorsOf, long LastContent, IndexSettings Settings)
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "index.json";

    private const int CurrentVersion = 1;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Strict)
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
        NewLine = "\n",
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    /// <summary>One that is begun.</summary>
    internal static IndexDescription Of(IndexSettings settings) => new(CurrentVersion, 0, 0, 0, 0, 0, settings);

    /// <summary>Name of the file of vectors.</summary>
    internal string VectorFile => $"vectors-{VectorsOf}.usearch";

    /// <summary>Reads the description of an index.</summary>
    /// <param name="folder">The index.</param>
    /// <exception cref="IndexFormatException">It has none, or it is no such description.</exception>
    public static IndexDescription Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        if (!File.Exists(path))
        {
            throw new IndexFormatException(folder, $"it is no index, it has no {FileName} (flip index makes one)");
        }

        try
        {
            var read = JsonSerializer.Deserialize<IndexDescription>(JsonInput.Read(path).Span, Json) ?? throw new JsonException("null is no description");
            return read.Problem() is { } problem ? throw new JsonException(problem) : read;
        }
        catch (JsonException e)
        {
            throw new IndexFormatException(path, $"it describes no index: {e.Message.TrimEnd('.')}", e);
        }
    }

    /// <summary>Writes it, whole or not at all.</summary>
    internal void Write(string folder) => AtomicFile.WriteText(Path.Combine(folder, FileName), JsonSerializer.Serialize(this, Json) + "\n");

    private string? Problem() => Version != CurrentVersion ? $"it is of version {Version}, and {CurrentVersion} is read"
        : Generation < 0 || VectorsOf < 0 || VectorsOf > Generation || Images < 0 || Vectors < 0 || LastContent < 0 ? "a count is below 0, or beyond what it counts"
        : Settings.Problems() is [var first, ..] ? first.TrimEnd('.')
        : null;
}
