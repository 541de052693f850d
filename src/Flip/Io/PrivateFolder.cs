namespace Flip.Io;

/// <summary>Folders that their owner alone may look into, where the system has such rights: caches and programs' own files.</summary>
public static class PrivateFolder
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode OthersWrite = UnixFileMode.GroupWrite | UnixFileMode.OtherWrite;

    /// <summary>Makes a folder for its owner alone, and those above it as usual; one that is there stays as it is.</summary>
    public static void Create(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(folder);
        }
        else
        {
            Directory.CreateDirectory(folder, OwnerOnly);
        }
    }

    /// <summary>Makes a file readable by its owner alone where its folder is; in a folder that is shared on purpose it stays as it is.</summary>
    public static void Keep(string file)
    {
        if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(Path.GetDirectoryName(Path.GetFullPath(file))!) & ~OwnerOnly) == 0)
        {
            File.SetUnixFileMode(file, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        }
    }

    /// <summary>Takes the rights of all others from a folder, if it is this user's own and no link.</summary>
    /// <returns>Whether the folder is for its owner alone now.</returns>
    public static bool Narrow(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return true;
        }

        if (FileStatus.Of(folder) is not { IsOwn: true, Type: FileStatus.Folder } status)
        {
            return false;
        }

        if ((status.Mode & ~OwnerOnly) != 0)
        {
            File.SetUnixFileMode(folder, OwnerOnly);
        }

        return true;
    }

    /// <summary>Whether others than this user may write to a folder; false where the system does not tell.</summary>
    public static bool IsOpenToOthers(string folder) =>
        FileStatus.Of(folder, follow: true) is { } status && (!status.IsOwn || (status.Mode & OthersWrite) != 0);
}
