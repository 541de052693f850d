using System.Globalization;
using System.Text.Json;

namespace Flip.Io;

/// <summary>
/// A folder that one process at a time works in. The operating system holds the lock of a file in it and lets go when the process ends,
/// however it ends. A second file names the holder and is touched while it lives, since some network file systems do not carry locks from
/// one machine to another: there a holder that has not been seen for <see cref="Patience"/> is taken for dead.
/// </summary>
public sealed class FolderLock : IDisposable
{
    private const string LockFile = ".lock";
    private const string HolderFile = ".lock.json";
    private const int LongestHolder = 4096; // bytes; a machine's name has 255 at most
    private static readonly TimeSpan Heartbeat = TimeSpan.FromSeconds(20);

    private static int _heldCount;

    private readonly string _folder;
    private readonly FileStream _lock;
    private readonly Timer _heartbeat;

    private FolderLock(string folder, FileStream held)
    {
        (_folder, _lock) = (folder, held);
        AtomicFile.WriteText(At(folder, HolderFile), JsonSerializer.Serialize(new Holder(Environment.MachineName, Environment.ProcessId)) + "\n");
        Interlocked.Increment(ref _heldCount);
        _heartbeat = new Timer(_ => Touch(), null, Heartbeat, Heartbeat);
    }

    /// <summary>How long a holder on another machine may not be seen and still counts as alive.</summary>
    public static TimeSpan Patience { get; } = TimeSpan.FromMinutes(2);

    /// <summary>Whether this process holds any folder, and so has unfinished work in it to save.</summary>
    public static bool IsAnyHeld => Volatile.Read(ref _heldCount) > 0;

    /// <summary>Takes a folder, which is made where it does not exist.</summary>
    /// <exception cref="FolderInUseException">Another process has it; the message names it.</exception>
    /// <exception cref="ForeignEntryException">One of the lock's files is a link or no file.</exception>
    public static FolderLock Take(string folder)
    {
        var whole = Path.GetFullPath(folder);
        Directory.CreateDirectory(whole);
        OwnEntries.Require(whole, LockFile, HolderFile);
        OwnEntries.RequireKind(whole, isFolder: false, LockFile, HolderFile);
        FileStream held;
        try
        {
            held = new FileStream(At(whole, LockFile), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e)
        {
            throw new FolderInUseException(whole, ReadHolder(whole)?.ToString() ?? e.Message);
        }

        try
        {
            return ReadHolder(whole) is { } holder && holder.Host != Environment.MachineName && IsFresh(whole)
                ? throw new FolderInUseException(whole, $"{holder}, seen less than {Patience.TotalMinutes:0} minutes ago")
                : new FolderLock(whole, held);
        }
        catch
        {
            held.Dispose();
            throw;
        }
    }

    /// <summary>Whether a folder was ever taken.</summary>
    public static bool WasTaken(string folder) => File.Exists(At(folder, LockFile));

    /// <summary>Whether a name in a locked folder is the lock's.</summary>
    public static bool Owns(string path) => Path.GetFileName(path) is LockFile or HolderFile;

    /// <summary>Removes the folder with all that is in it, and the lock with it. Links in it are removed, not followed.</summary>
    public void DeleteFolder()
    {
        // Under another name no one else can begin in it before it is gone.
        var aside = AtomicFile.TemporaryName(_folder, ".deleted");
        try
        {
            Directory.Move(_folder, aside);
        }
        catch (IOException)
        {
            aside = _folder; // where open files keep a folder from being renamed
        }

        Release(aside); // the old place may have a new holder already, whose file stays
        Directory.Delete(aside, recursive: true);
    }

    /// <inheritdoc/>
    public void Dispose() => Release(_folder);

    private static Holder? ReadHolder(string folder)
    {
        try
        {
            return JsonSerializer.Deserialize<Holder>(JsonInput.Read(At(folder, HolderFile), LongestHolder).Span) is { Host: not null } holder ? holder : null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null; // none, or one that was just leaving
        }
    }

    /// <summary>Whether the holder was seen just now; a time far in the future says nothing.</summary>
    private static bool IsFresh(string folder) => (DateTime.UtcNow - File.GetLastWriteTimeUtc(At(folder, HolderFile))).Duration() < Patience;

    private static string At(string folder, string file) => Path.Combine(folder, file);

    /// <summary>Lets go of the folder, wherever it lies now; a second time does nothing.</summary>
    private void Release(string folder)
    {
        if (_lock.SafeFileHandle.IsClosed)
        {
            return;
        }

        Interlocked.Decrement(ref _heldCount);
        _heartbeat.Dispose();
        if (Directory.Exists(folder))
        {
            File.Delete(At(folder, HolderFile));
        }

        _lock.Dispose();
    }

    private void Touch()
    {
        try
        {
            File.SetLastWriteTimeUtc(At(_folder, HolderFile), DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next touch may succeed.
        }
    }

    private sealed record Holder(string Host, int Process)
    {
        public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"process {Process} on {Host}");
    }
}

/// <summary>Another process works in a folder.</summary>
public sealed class FolderInUseException(string folder, string holder) : IOException($"{folder} is in use: {holder}.");
