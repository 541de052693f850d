namespace Flip.Io;

/// <summary>When a file was last changed in any way. Programs set a file's time of modification, as unpacking an archive does; this one is the system's own.</summary>
public static class FileChange
{
    /// <summary>The time of a file's last change on Linux, of its creation elsewhere; UTC.</summary>
    /// <param name="path">The file; that which a link points at.</param>
    public static DateTime Of(string path) => FileStatus.Of(path, follow: true)?.Changed ?? File.GetCreationTimeUtc(path);
}
