using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flip.Io;

/// <summary>
/// <c>manifest.json</c>: length and SHA-256 of each file of a folder, by which a file that was torn, cut or changed is found, to the last bit. The
/// manifest has one form only, so a bit that changed in it is found too.
/// </summary>
public static class FolderManifest
{
    /// <summary>Name of the file.</summary>
    public const string FileName = "manifest.json";

    private const int Version = 1;
    private const int LongestManifest = 1 << 16; // bytes; a file takes some 130
    private const int MostFiles = 100;

    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NewLine = "\n",
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        PropertyNameCaseInsensitive = false,
        NumberHandling = JsonNumberHandling.Strict,
    };

    /// <summary>Whether a folder has a manifest.</summary>
    /// <param name="folder">The folder.</param>
    public static bool IsIn(string folder) => Path.Exists(Path.Combine(folder, FileName));

    /// <summary>Writes the manifest; the folder's other files are on the disk by then.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="files">By name, as <see cref="AtomicFile.WriteHashed"/> gave them.</param>
    /// <exception cref="IOException">It cannot be written.</exception>
    public static void Write(string folder, IReadOnlyDictionary<string, FileDigest> files) =>
        AtomicFile.Write(Path.Combine(folder, FileName), stream => stream.Write(Encoded(files)));

    /// <summary>Reads all files of a folder and writes its manifest, for files that were not hashed while they were written.</summary>
    /// <param name="folder">A folder of plain files.</param>
    /// <exception cref="IOException">A file cannot be read, or the manifest not written.</exception>
    public static void Seal(string folder) => Write(
        folder, Directory.GetFiles(folder).Where(file => Path.GetFileName(file) != FileName).ToDictionary(file => Path.GetFileName(file), FileDigest.Of));

    /// <summary>Reads every file that the manifest names, and compares.</summary>
    /// <param name="folder">A folder with a manifest.</param>
    /// <returns>The first file that is not what was written, and why, as a sentence without its full stop; null where all are.</returns>
    public static string? Problem(string folder)
    {
        try
        {
            foreach (var (name, written) in Read(folder))
            {
                if (Problem(Path.Combine(folder, name), written) is { } problem)
                {
                    return $"{name} {problem}";
                }
            }

            return null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            return $"{FileName} is not as it was written: {e.Message.TrimEnd('.')}";
        }
    }

    private static string? Problem(string path, FileDigest written)
    {
        try
        {
            var length = new FileInfo(path) is { Exists: true } file ? file.Length : -1;
            return length < 0 ? "is missing"
                : length != written.Length ? FormattableString.Invariant($"has {length:N0} bytes, and {written.Length:N0} were written")
                : FileDigest.Of(path) != written ? "has other bytes than were written (SHA-256)"
                : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return $"cannot be read: {e.Message.TrimEnd('.')}";
        }
    }

    /// <exception cref="JsonException">It is none, or not in the form in which it was written.</exception>
    private static SortedDictionary<string, FileDigest> Read(string folder)
    {
        var path = Path.Combine(folder, FileName);
        var bytes = PlainFile.ReadAll(path, LongestManifest);
        JsonInput.Check(bytes, default);
        return JsonSerializer.Deserialize<Content>(bytes, Json) is { Version: Version, Files: { Count: > 0 and <= MostFiles } files }
            && files.All(file => file.Value is { IsValid: true } && IsName(file.Key)) && bytes.AsSpan().SequenceEqual(Encoded(files))
            ? files
            : throw new JsonException("it is no list of files with lengths and hashes, or not in the form that Flip writes");
    }

    private static bool IsName(string name) => name.Length > 0 && name is not ("." or "..") && name.IndexOfAny(['/', '\\', '\0']) < 0;

    private static byte[] Encoded(IReadOnlyDictionary<string, FileDigest> files) =>
        Encoding.UTF8.GetBytes(JsonSerializer.Serialize(new Content(Version, new(files.ToDictionary(), StringComparer.Ordinal)), Json) + "\n");

    private sealed record Content(int Version, SortedDictionary<string, FileDigest> Files);
}
