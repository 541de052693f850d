using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Blake3;
using Flip.Devices;
using Flip.Io;

namespace Flip.Data;

/// <summary>
/// Hashes of files' contents (BLAKE3, which no one can make two files for), each computed once: a file that still has the length and the
/// times that it had keeps its hash. They are kept in a file for each folder of files.
/// </summary>
/// <param name="folder">Where they are kept; null for this object's life alone.</param>
/// <param name="report">Called with (files done, files) while files are hashed, from any thread.</param>
/// <param name="time">Clock; null for the system's.</param>
public sealed class ContentHashes(string? folder = null, Action<int, int>? report = null, TimeProvider? time = null)
{
    /// <summary>Stands for the content of a file that is not there or cannot be read.</summary>
    public const string None = "none";

    private const int NameDigits = 32;
    private const int BufferBytes = 1 << 20;

    /// <summary>
    /// A file system may give two writes in quick succession the same time. The hash of a file that has just been written is not kept.
    /// </summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(2);

    private readonly Dictionary<string, Dictionary<string, Entry>> _known = new(StringComparer.Ordinal); // by folder, then by name
    private readonly Lock _gate = new();

    /// <summary>The hashes of files as hexadecimal digits, in their order; <see cref="None"/> for one that is not there.</summary>
    /// <param name="paths">The files. What is no regular file is not opened and counts as empty.</param>
    /// <param name="cancellation">Stops between two parts of a file; what is done is kept.</param>
    public IReadOnlyList<string> Of(IReadOnlyList<string> paths, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(paths);
        lock (_gate)
        {
            var files = paths.Select(State.Of).ToArray();
            var hashes = Array.ConvertAll(files, file => file is null ? None : Find(file));
            var wanted = Enumerable.Range(0, files.Length).Where(i => hashes[i] is null).ToArray();
            if (wanted.Length > 0)
            {
                Compute(files, hashes, wanted, cancellation);
            }

            return hashes!;
        }
    }

    /// <summary>The hash of a content in memory.</summary>
    public static string Of(ReadOnlySpan<byte> content) => Hasher.Hash(content).ToString();

    private string? Find(State file) =>
        FolderOf(file.Folder).TryGetValue(file.Name, out var entry) && entry.IsOf(file) ? entry.Hash : null;

    private void Compute(State?[] files, string?[] hashes, int[] wanted, CancellationToken cancellation)
    {
        var done = 0;
        var settled = ((time ?? TimeProvider.System).GetUtcNow() - Settling).UtcTicks;
        try
        {
            Parallel.ForEach(
                wanted,
                new ParallelOptions { CancellationToken = cancellation, MaxDegreeOfParallelism = Processors.Available },
                i =>
                {
                    hashes[i] = Hash(files[i]!, cancellation);
                    report?.Invoke(Interlocked.Increment(ref done), wanted.Length);
                });
        }
        finally
        {
            var kept = wanted.Where(i => hashes[i] is not (null or None)).Select(i => (State: files[i]!, Hash: hashes[i]!));
            foreach (var made in kept.GroupBy(file => file.State.Folder))
            {
                Keep(made.Key, made.Where(file => Math.Max(file.State.Modified, file.State.Change) < settled));
            }
        }
    }

    private static string Hash(State file, CancellationToken cancellation)
    {
        try
        {
            using var hasher = Hasher.New();
            if (file.Length > 0) // a pipe or a device has 0, and might never end
            {
                using var handle = File.OpenHandle(file.Path, options: FileOptions.SequentialScan);
                var buffer = new byte[Math.Min(BufferBytes, file.Length)];
                for (long at = 0; at < file.Length;)
                {
                    cancellation.ThrowIfCancellationRequested();
                    var count = RandomAccess.Read(handle, buffer.AsSpan(0, (int)Math.Min(buffer.Length, file.Length - at)), at);
                    if (count == 0)
                    {
                        return None; // it became shorter meanwhile
                    }

                    hasher.Update(buffer.AsSpan(0, count));
                    at += count;
                }
            }

            return hasher.Finalize().ToString();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return None; // whoever reads it next says why
        }
    }

    private void Keep(string of, IEnumerable<(State State, string Hash)> made)
    {
        var entries = FolderOf(of);
        foreach (var (state, hash) in made)
        {
            entries[state.Name] = new Entry(state.Length, state.Modified, state.Change, hash);
        }

        if (folder is null || entries.Count == 0)
        {
            return;
        }

        try
        {
            PrivateFolder.Create(folder);
            AtomicFile.WriteText(PathOf(of), JsonSerializer.Serialize(entries, JsonSerializerOptions.Web));
            PrivateFolder.Keep(PathOf(of));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // They are computed again next time.
        }
    }

    private Dictionary<string, Entry> FolderOf(string of) =>
        _known.TryGetValue(of, out var entries) ? entries : _known[of] = folder is null ? new(StringComparer.Ordinal) : Read(PathOf(of));

    private static Dictionary<string, Entry> Read(string path)
    {
        try
        {
            var read = File.Exists(path) && OwnEntries.Problem(path) is null ? JsonSerializer.Deserialize<Dictionary<string, Entry?>>(File.ReadAllBytes(path), JsonSerializerOptions.Web) : null;
            return new((read ?? []).Where(entry => entry.Value?.Hash is not null).Select(entry => KeyValuePair.Create(entry.Key, entry.Value!)), StringComparer.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return new(StringComparer.Ordinal); // they are computed again
        }
    }

    private string PathOf(string of) =>
        Path.Combine(folder!, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(of)))[..NameDigits] + ".json");

    /// <summary>A file's hash and what the file was like then.</summary>
    private sealed record Entry(long Length, long Modified, long Change, string Hash)
    {
        public bool IsOf(State file) => Length == file.Length && Modified == file.Modified && Change == file.Change;
    }

    /// <summary>A file as the system describes it. Times are ticks. Its change tells a file that was put in another's place with its length and time.</summary>
    private sealed record State(string Path, long Length, long Modified, long Change)
    {
        public string Folder => System.IO.Path.GetDirectoryName(Path)!;

        public string Name => System.IO.Path.GetFileName(Path);

        public static State? Of(string path)
        {
            try
            {
                return PlainFile.Find(System.IO.Path.GetFullPath(path)) is { } found
                    ? new State(found.FullName, found.Length, found.LastWriteTimeUtc.Ticks, FileChange.Of(found.FullName).Ticks)
                    : null;
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
            {
                return null;
            }
        }
    }
}
