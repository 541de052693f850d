using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>When a file was last changed in any way. Programs set a file's time of modification, as unpacking an archive does; this one is the system's own.</summary>
public static partial class FileChange
{
    private const int CurrentFolder = -100; // AT_FDCWD
    private const uint ChangeTime = 0x80; // STATX_CTIME

    /// <summary>The time of a file's last change on Linux, of its creation elsewhere; UTC.</summary>
    /// <param name="path">The file; that which a link points at.</param>
    public static DateTime Of(string path)
    {
        try
        {
            if (OperatingSystem.IsLinux() && StatX(CurrentFolder, path, 0, ChangeTime, out var status) == 0 && (status.Mask & ChangeTime) != 0)
            {
                return DateTime.UnixEpoch.AddTicks((status.Seconds * TimeSpan.TicksPerSecond) + (status.Nanoseconds / TimeSpan.NanosecondsPerTick));
            }
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            // A C library before 2018.
        }

        return File.GetCreationTimeUtc(path);
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, out Status status);

    /// <summary>The parts that are read of <c>struct statx</c>, which is the same on every Linux.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Status
    {
        [FieldOffset(0)]
        public uint Mask;

        [FieldOffset(96)]
        public long Seconds;

        [FieldOffset(104)]
        public uint Nanoseconds;
    }
}
