using System.Security.Cryptography;

namespace Flip.Io;

/// <summary>
/// Files that appear whole or not at all: written beside their place under a name that no one can foresee, forced to the disk, then renamed, and the
/// folder forced to the disk too, which holds the name. A link in the file's place is replaced, not followed.
/// </summary>
public static class AtomicFile
{
    private const string DefaultSuffix = ".tmp";
    private const int RandomBytes = 8;

    /// <summary>Writes a file; on any failure the old one stays as it was and nothing is left behind.</summary>
    /// <param name="path">Where the file appears; its folder is created if need be.</param>
    /// <param name="write">Writes the content.</param>
    /// <param name="temporarySuffix">Ending of the temporary name, where a later start is to know what a killed process left; null for the usual.</param>
    public static void Write(string path, Action<Stream> write, string? temporarySuffix = null)
    {
        var whole = Path.GetFullPath(path);
        var folder = Path.GetDirectoryName(whole)!;
        FolderSync.Create(folder);
        var temporary = TemporaryName(whole, temporarySuffix ?? DefaultSuffix);
        var stream = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, bufferSize: 1 << 16);
        try
        {
            using (stream)
            {
                write(stream);
                stream.Flush(flushToDisk: true);
            }

            File.Move(temporary, whole, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }

        FolderSync.Flush(folder);
    }

    /// <summary>Gives a file that is whole its place: for what another library writes by name.</summary>
    /// <param name="written">The file, on the same disk.</param>
    /// <param name="path">Where it appears.</param>
    public static void Publish(string written, string path)
    {
        using (var file = new FileStream(written, FileMode.Open, FileAccess.ReadWrite))
        {
            file.Flush(flushToDisk: true);
        }

        var whole = Path.GetFullPath(path);
        File.Move(written, whole, overwrite: true);
        FolderSync.Flush(Path.GetDirectoryName(whole)!);
    }

    /// <summary>Writes a file, and counts and hashes it on the way.</summary>
    /// <inheritdoc cref="Write"/>
    /// <returns>Length and hash of what was written.</returns>
    public static FileDigest WriteHashed(string path, Action<Stream> write)
    {
        FileDigest? digest = null;
        Write(path, stream =>
        {
            using var hashing = new HashingStream(stream);
            write(hashing);
            digest = hashing.Digest();
        });
        return digest!;
    }

    /// <summary>Writes a text file in UTF-8.</summary>
    public static void WriteText(string path, string content) =>
        Write(path, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(content)));

    /// <summary>Removes what killed processes left of a file. For whoever is the only one to write it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="temporarySuffix">Ending of its temporary names.</param>
    public static void DeleteLeftovers(string path, string temporarySuffix)
    {
        var whole = Path.GetFullPath(path);
        foreach (var file in Directory.EnumerateFiles(Path.GetDirectoryName(whole)!, "*" + temporarySuffix).Where(file => IsTemporary(file, whole, temporarySuffix)))
        {
            File.Delete(file);
        }
    }

    /// <summary>A name beside a file or folder that no one can foresee, so that nothing is in its place.</summary>
    internal static string TemporaryName(string path, string suffix = DefaultSuffix) =>
        $"{path}.{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(RandomBytes))}{suffix}";

    /// <summary>Whether a path is a temporary one of another; older versions had no random part.</summary>
    private static bool IsTemporary(string file, string path, string suffix)
    {
        if (!file.StartsWith(path, StringComparison.Ordinal) || !file.EndsWith(suffix, StringComparison.Ordinal) || file.Length < path.Length + suffix.Length)
        {
            return false;
        }

        var between = file[path.Length..^suffix.Length];
        return between.Length == 0 || (between.Length == 1 + (2 * RandomBytes) && between[0] == '.' && between[1..].All(char.IsAsciiHexDigitLower));
    }
}
