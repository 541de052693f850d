using System.IO.Enumeration;

namespace Flip.Io;

/// <summary>
/// Entries of a folder that Flip writes, deletes and reads back by itself. In a stranger's folder there may be links by their names, which lead a
/// writer elsewhere, or named pipes, which a reader waits for without end. The folder is named by the user and may itself be a link; a hard link may
/// stand, since files are replaced and never written into.
/// </summary>
public static class OwnEntries
{
    /// <summary>Every entry below a folder, links as such.</summary>
    private static readonly EnumerationOptions Everything = new()
    {
        RecurseSubdirectories = true,
        AttributesToSkip = 0,
        IgnoreInaccessible = false,
    };

    /// <summary>Refuses entries that are no plain files or folders, and such within these folders; those that are not there are in order.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="names">Names of the entries.</param>
    /// <exception cref="ForeignEntryException">The message names the entry and where it leads.</exception>
    public static void Require(string folder, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            var path = Path.Combine(folder, name);
            RequirePlain(path);
            if (Directory.Exists(path))
            {
                foreach (var inner in Below(path))
                {
                    RequirePlain(inner);
                }
            }
        }
    }

    /// <summary>Refuses files where folders are expected, and the reverse; those that are not there are in order.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="isFolder">Whether folders are expected.</param>
    /// <param name="names">Names of the entries.</param>
    /// <exception cref="ForeignEntryException">The message names the entry.</exception>
    public static void RequireKind(string folder, bool isFolder, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            var path = Path.Combine(folder, name);
            if (isFolder ? File.Exists(path) : Directory.Exists(path))
            {
                throw new ForeignEntryException(path, isFolder ? "is a file, and a folder is expected" : "is a folder, and a file is expected");
            }
        }
    }

    /// <summary>Refuses folders that are links between a folder and a file in it; what is in them does not matter.</summary>
    /// <param name="folder">The folder.</param>
    /// <param name="file">A file somewhere in it.</param>
    /// <exception cref="ForeignEntryException">The message names the entry and where it leads.</exception>
    public static void RequireWay(string folder, string file)
    {
        var (top, place) = (Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder)), Path.GetDirectoryName(Path.GetFullPath(file)));
        for (; place is not null && place.Length > top.Length; place = Path.GetDirectoryName(place))
        {
            RequirePlain(place);
        }
    }

    /// <summary>Why an entry is no plain file or folder, as a clause that follows its path; null where it is one, or there is none.</summary>
    public static string? Problem(string path)
    {
        var entry = new FileInfo(path);
        return entry.LinkTarget is { } target ? $"is a link to '{target}'"
            : entry.Exists && entry.Attributes.HasFlag(FileAttributes.ReparsePoint) ? "is a reparse point"
            : FileStatus.Of(path)?.Type switch
            {
                null or FileStatus.PlainFile or FileStatus.Folder => null,
                FileStatus.NamedPipe => "is a named pipe",
                FileStatus.Socket => "is a socket",
                _ => "is a device",
            };
    }

    /// <summary>Whether an entry is a plain file with one name, so that writing into it changes no other, or is not there.</summary>
    public static bool IsSole(string path) => Problem(path) is null && FileStatus.Of(path) is null or { Type: FileStatus.PlainFile, Links: 1 };

    private static void RequirePlain(string path)
    {
        if (Problem(path) is { } problem)
        {
            throw new ForeignEntryException(path, problem);
        }
    }

    private static FileSystemEnumerable<string> Below(string folder) => new(folder, (ref entry) => entry.ToFullPath(), Everything)
    {
        ShouldRecursePredicate = (ref entry) => !entry.Attributes.HasFlag(FileAttributes.ReparsePoint),
    };
}
