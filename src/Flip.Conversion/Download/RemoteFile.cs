namespace Flip.Conversion.Download;

/// <summary>A file on a server, with what is known of its content before it comes.</summary>
/// <param name="Name">Where it belongs below the model's folder; parts are separated by <c>/</c>.</param>
/// <param name="Url">Where it is.</param>
/// <param name="Size">Its length in bytes; null where only the server that sends it can tell.</param>
/// <param name="Digest">What its content hashes to.</param>
internal sealed record RemoteFile(string Name, Uri Url, long? Size, FileDigest Digest)
{
    /// <summary>Characters that some file system gives a meaning, above all a colon's stream or drive on Windows.</summary>
    private const string Unsafe = "\\:*?\"<>|";

    /// <summary>Where the file belongs.</summary>
    /// <param name="folder">The model's folder.</param>
    /// <exception cref="DownloadException">The name leads out of the folder or is none that a file system takes.</exception>
    public string PathIn(string folder)
    {
        var root = Path.GetFullPath(folder);
        if (!LeadsOut(Name) && !Name.Any(c => char.IsControl(c) || Unsafe.Contains(c, StringComparison.Ordinal)))
        {
            var path = Path.GetFullPath(Path.Combine(root, Path.Combine(Name.Split('/'))));
            if (path.StartsWith(Path.TrimEndingDirectorySeparator(root) + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            {
                return path;
            }
        }

        throw new DownloadException($"The server names a file '{ServerText.OneLine(Name)}', which cannot be put into {folder}.");
    }

    /// <summary>Whether a name is absolute or has parts that lead upwards.</summary>
    public static bool LeadsOut(string name) =>
        name.Split('/', '\\').Any(part => part is "" or "." or "..") || (name.Length > 1 && name[1] == ':');
}
