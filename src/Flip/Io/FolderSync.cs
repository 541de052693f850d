using System.Runtime.InteropServices;

namespace Flip.Io;

/// <summary>
/// Names on the disk. A file that was forced to the disk may still be without its name after the machine stops: the name is an entry of the folder,
/// and a folder is forced to the disk by itself. Windows has no call for it and keeps its names in a journal.
/// </summary>
public static partial class FolderSync
{
    private const int NoSuchCall = 22; // EINVAL, of file systems that cannot do it
    private const int NotPermitted = 1; // EPERM, likewise

    /// <summary>Forces the names in a folder to the disk.</summary>
    /// <param name="folder">The folder.</param>
    /// <exception cref="IOException">The disk does not take them.</exception>
    public static void Flush(string folder)
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        try
        {
            var handle = Open(folder, 0); // to read, on every system
            if (handle < 0)
            {
                return; // it may not be read by this user; whoever writes into it gets its own error
            }

            var error = Sync(handle) == 0 ? 0 : Marshal.GetLastPInvokeError();
            _ = Close(handle);
            if (error is not (0 or NoSuchCall or NotPermitted))
            {
                throw new IOException($"{folder} cannot be forced to the disk: {Marshal.GetPInvokeErrorMessage(error)}.");
            }
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // A system without these calls.
        }
    }

    /// <summary>Makes a folder, and those above it that are not there, and forces their names to the disk.</summary>
    /// <param name="folder">The folder; one that is there stays as it is.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public static void Create(string folder)
    {
        var made = new List<string>();
        for (var place = Path.GetFullPath(folder); !Directory.Exists(place) && Path.GetDirectoryName(place) is { } above; place = above)
        {
            made.Add(above);
        }

        Directory.CreateDirectory(folder);
        made.ForEach(Flush);
    }

    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int handle);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int handle);
}
