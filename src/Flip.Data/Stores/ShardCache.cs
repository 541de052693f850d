using System.Security.Cryptography;
using System.Text;
using Flip.Io;

namespace Flip.Data.Stores;

/// <summary>
/// Whole files of the network in a folder of bounded size; those that were used longest ago make room. Several processes may share it: a file is brought once, by the one that
/// holds its lock, and has its name only when all of it is there.
/// </summary>
/// <param name="reader">Reads the files.</param>
/// <param name="folder">The folder; made when the first file comes.</param>
/// <param name="most">Bytes that all files may take together.</param>
internal sealed class ShardCache(StoreReader reader, string folder, long most)
{
    private const string Extension = ".shard";
    private const string PartExtension = ".part";
    private const int LockDigits = 2; // of names that share a lock, so that there is not a file of one for each shard
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan TouchInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan PartLife = TimeSpan.FromHours(1); // of a part that nobody writes to

    /// <summary>Bytes that all files may take together.</summary>
    public long Most => most;

    /// <summary>The path of a file that is there; null for one that is not.</summary>
    public string? Find(StoredFile file)
    {
        var path = PathOf(file);
        var found = new FileInfo(path);
        if (!found.Exists || found.Length != file.Length)
        {
            return null;
        }

        if (DateTime.UtcNow - found.LastWriteTimeUtc > TouchInterval)
        {
            Touch(path);
        }

        return path;
    }

    /// <summary>Brings a file, where it is not there.</summary>
    /// <param name="file">The file.</param>
    /// <param name="sha256">Its hash, where one is known.</param>
    /// <param name="cancellation">Stops it; nothing of the file stays.</param>
    /// <returns>Its path.</returns>
    /// <exception cref="StoreException">It cannot be had, is not what it should be, or is larger than the cache.</exception>
    public async Task<string> BringAsync(StoredFile file, string? sha256, CancellationToken cancellation)
    {
        if (file.Length > most)
        {
            throw new StoreException(FormattableString.Invariant(
                $"{StoreAddress.Show(file.Address)}: has {file.Length:N0} bytes, and the cache holds {most:N0} (data.cacheSize)."));
        }

        var path = PathOf(file);
        Directory.CreateDirectory(folder);
        using var held = await HoldAsync(path, cancellation);
        if (Find(file) is { } found)
        {
            return found; // another process has brought it
        }

        MakeRoom(file.Length);
        var part = path + PartExtension;
        try
        {
            var digest = await CopyAsync(file, part, cancellation);
            if (sha256 is not null && digest.Sha256 != sha256)
            {
                throw new StoreException($"{StoreAddress.Show(file.Address)}: what arrived is not the shard that was indexed: expected SHA-256 {sha256}, got {digest.Sha256}.");
            }

            File.Move(part, path, overwrite: true);
            return path;
        }
        finally
        {
            File.Delete(part);
        }
    }

    private static void Touch(string path)
    {
        try
        {
            File.SetLastWriteTimeUtc(path, DateTime.UtcNow);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process has just made room, or may write here and this one not.
        }
    }

    private async Task<FileDigest> CopyAsync(StoredFile file, string part, CancellationToken cancellation)
    {
        await using var stream = new FileStream(part, FileMode.Create, FileAccess.Write, FileShare.Read | FileShare.Delete, 1 << 16);
        await using var hashing = new HashingStream(stream);
        await reader.CopyAsync(file.Address, hashing, cancellation);
        stream.Flush(flushToDisk: true);
        return hashing.Digest();
    }

    /// <summary>Waits for the lock of a file, which ends with the process that has it.</summary>
    private async Task<FileStream> HoldAsync(string path, CancellationToken cancellation)
    {
        var place = Path.Combine(folder, $".lock-{Path.GetFileName(path)[..LockDigits]}");
        while (true)
        {
            try
            {
                return new FileStream(place, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (File.Exists(place))
            {
                await Task.Delay(Poll, cancellation);
            }
        }
    }

    private void MakeRoom(long length)
    {
        var files = new DirectoryInfo(folder).EnumerateFiles().Where(file => file.Extension is Extension or PartExtension)
            .Select(file => (File: file, Length: LengthOf(file), Used: file.LastWriteTimeUtc)).OrderBy(file => file.Used).ToList();
        var used = files.Sum(file => file.Length);
        foreach (var (file, bytes, lastUse) in files)
        {
            if (used + length <= most)
            {
                return;
            }

            if (file.Extension == Extension || DateTime.UtcNow - lastUse > PartLife)
            {
                used -= bytes;
                file.Delete(); // who has it open reads on
            }
        }
    }

    /// <summary>The length of a file that another process may rename or remove meanwhile.</summary>
    private static long LengthOf(FileInfo file)
    {
        try
        {
            return file.Length;
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
    }

    /// <summary>A name of hexadecimal digits: nothing of an address becomes part of a path. A signature in the address is no part of it.</summary>
    private string PathOf(StoredFile file)
    {
        var identity = FormattableString.Invariant($"{StoreAddress.FolderOf(file.Address)}{StoreAddress.NameOf(file.Address)}\n{file.Version}\n{file.Length}");
        return Path.Combine(folder, Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)))[..32] + Extension);
    }
}
