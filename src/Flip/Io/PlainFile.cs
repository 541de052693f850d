namespace Flip.Io;

/// <summary>
/// Reads files that strangers may have sent. To a file system a pipe, device or socket has no bytes, and what has none is never opened, so that nothing
/// waits for a writer or reads without end.
/// </summary>
public static class PlainFile
{
    /// <summary>What is wrong with such a file; follows its name or "it".</summary>
    public const string NoBytes = "has no bytes: it is empty, or a pipe, device or socket, which are not read";

    /// <summary>Bytes of the file that a path, or the links at it, lead to; -1 where there is none.</summary>
    public static long Length(string path)
    {
        try
        {
            return Find(path)?.Length ?? -1;
        }
        catch (IOException)
        {
            return -1; // links in a circle
        }
    }

    /// <summary>The file that a path, or the links at it, lead to; null where there is none. A link has a length and times of its own.</summary>
    /// <exception cref="IOException">The links go in a circle.</exception>
    public static FileInfo? Find(string path)
    {
        FileSystemInfo? file = new FileInfo(path);
        file = file.LinkTarget is null ? file : file.ResolveLinkTarget(returnFinalTarget: true);
        return file is FileInfo { Exists: true } found ? found : null;
    }

    /// <summary>Opens a file.</summary>
    /// <exception cref="IOException">It cannot be opened, or has no bytes.</exception>
    public static FileStream OpenRead(string path, FileOptions options = FileOptions.None)
    {
        if (Length(path) == 0)
        {
            throw new IOException($"'{path}' {NoBytes}.");
        }

        return new FileStream(path, new FileStreamOptions { Share = FileShare.ReadWrite | FileShare.Delete, Options = options });
    }

    /// <summary>All of a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="most">Bytes above which nothing is read.</param>
    /// <exception cref="IOException">It cannot be read, has no bytes, or more than that.</exception>
    public static byte[] ReadAll(string path, int most)
    {
        using var file = OpenRead(path);
        if (file.Length > most)
        {
            throw new IOException(FormattableString.Invariant($"'{path}' has {file.Length:N0} bytes; such a file is read up to {most:N0}."));
        }

        var bytes = new byte[file.Length];
        file.ReadExactly(bytes);
        return bytes;
    }
}
