using System.Net.Http.Headers;
using System.Text.Json;
using Flip.Io;

namespace Flip.Conversion.Download;

/// <summary>
/// The part of a file that has arrived: <c>NAME.part</c>, and beside it in <c>NAME.part.json</c> what it is a part of, without which
/// bytes of two versions could meet in one file. Both outlive the process, unlike the temporary files of <see cref="AtomicFile"/>.
/// </summary>
internal sealed class PartFile
{
    private const int LongestState = 1 << 16; // bytes; a digest and a header's line

    private readonly string _target;
    private readonly string _state;
    private readonly FileDigest _digest;

    /// <param name="target">The whole file's place.</param>
    /// <param name="digest">What the whole file hashes to. A part of another file is removed, and so is what no download has left: a link, or no file.</param>
    public PartFile(string target, FileDigest digest)
    {
        _target = target;
        _digest = digest;
        Path = target + ".part";
        _state = Path + ".json";
        var state = OwnEntries.IsSole(Path) && OwnEntries.IsSole(_state) ? ReadState() : null;
        if (state?.Digest == digest.ToString())
        {
            Version = EntityTagHeaderValue.TryParse(state.Version, out var version) ? version : null;
        }
        else
        {
            Remove();
        }
    }

    /// <summary>Where the part is.</summary>
    public string Path { get; }

    /// <summary>Bytes that have arrived.</summary>
    public long Length => File.Exists(Path) ? new FileInfo(Path).Length : 0;

    /// <summary>The version of the file that the bytes are of, as the server names it; null where it does not.</summary>
    public EntityTagHeaderValue? Version { get; private set; }

    /// <summary>Begins anew with a version.</summary>
    public void Begin(EntityTagHeaderValue? version)
    {
        Remove();
        Version = version;
        AtomicFile.WriteText(_state, JsonSerializer.Serialize(new State(_digest.ToString(), version?.ToString())));
    }

    /// <summary>Opens the part behind its last byte.</summary>
    public FileStream Append() => new(Path, File.Exists(Path) ? FileMode.Append : FileMode.CreateNew, FileAccess.Write, FileShare.Read, bufferSize: 0, FileOptions.Asynchronous);

    public void Remove()
    {
        File.Delete(Path);
        File.Delete(_state);
        Version = null;
    }

    /// <summary>Puts the whole file into its place.</summary>
    public void Finish()
    {
        using (var file = new FileStream(Path, FileMode.Open, FileAccess.ReadWrite, FileShare.Read))
        {
            file.Flush(flushToDisk: true);
        }

        File.Move(Path, _target, overwrite: true);
        File.Delete(_state);
    }

    private State? ReadState()
    {
        try
        {
            return File.Exists(_state) ? JsonSerializer.Deserialize<State>(JsonInput.Read(_state, LongestState).Span) : null;
        }
        catch (JsonException)
        {
            // What it was a part of is not known then.
            return null;
        }
    }

    private sealed record State(string Digest, string? Version);
}
