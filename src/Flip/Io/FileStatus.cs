using System.Runtime.InteropServices;

namespace Flip.Io;

/// <summary>What .NET does not tell of an entry of the file system: whether it is a file at all, how many names it has, whose it is, and when the system changed it.</summary>
/// <param name="Type">Its kind, one of the constants.</param>
/// <param name="Links">Names that it has; more than one for a file with hard links.</param>
/// <param name="Owner">Its owner's number.</param>
/// <param name="Mode">Who may do what.</param>
/// <param name="Changed">When anything of it was last changed, UTC; null where the file system has no such time.</param>
/// <param name="Identity">What its names have in common, and no other file has: the file system and the number there.</param>
internal sealed partial record FileStatus(int Type, uint Links, uint Owner, UnixFileMode Mode, DateTime? Changed, (uint Major, uint Minor, ulong Number) Identity)
{
    public const int NamedPipe = 0x1000;
    public const int Folder = 0x4000;
    public const int PlainFile = 0x8000;
    public const int Link = 0xA000;
    public const int Socket = 0xC000;

    private const int TypeBits = 0xF000;
    private const int WorkingFolder = -100; // AT_FDCWD
    private const int NotFollowing = 0x100; // AT_SYMLINK_NOFOLLOW
    private const uint BasicFields = 0x7FF; // STATX_BASIC_STATS
    private const uint ChangeTime = 0x80; // STATX_CTIME

    /// <summary>Whether it is this process's user's.</summary>
    public bool IsOwn => Owner == EffectiveUser();

    /// <summary>Asks Linux; null where there is no such entry, or the system does not tell.</summary>
    /// <param name="path">The entry.</param>
    /// <param name="follow">Whether a link stands for what it leads to.</param>
    public static FileStatus? Of(string path, bool follow = false)
    {
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        try
        {
            return Statx(WorkingFolder, path, follow ? 0 : NotFollowing, BasicFields, out var found) == 0
                ? new FileStatus(
                    found.Mode & TypeBits,
                    found.Links,
                    found.Owner,
                    (UnixFileMode)(found.Mode & ~TypeBits),
                    TimeOf(found),
                    (found.DeviceMajor, found.DeviceMinor, found.Number))
                : null;
        }
        catch (Exception e) when (e is EntryPointNotFoundException or DllNotFoundException)
        {
            return null; // a C library before 2018
        }
    }

    private static DateTime? TimeOf(Fields found) => (found.Known & ChangeTime) != 0
        ? DateTime.UnixEpoch.AddTicks((found.Seconds * TimeSpan.TicksPerSecond) + (found.Nanoseconds / TimeSpan.NanosecondsPerTick))
        : null;

    [LibraryImport("libc.so.6", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Statx(int folder, string path, int flags, uint fields, out Fields found);

    [LibraryImport("libc.so.6", EntryPoint = "geteuid")]
    private static partial uint EffectiveUser();

    /// <summary>Those parts of the kernel's <c>struct statx</c> that are read; it is the same for every processor.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 256)]
    private struct Fields
    {
        [FieldOffset(0)]
        public uint Known;

        [FieldOffset(16)]
        public uint Links;

        [FieldOffset(20)]
        public uint Owner;

        [FieldOffset(28)]
        public ushort Mode;

        [FieldOffset(32)]
        public ulong Number;

        [FieldOffset(96)]
        public long Seconds;

        [FieldOffset(104)]
        public uint Nanoseconds;

        [FieldOffset(136)]
        public uint DeviceMajor;

        [FieldOffset(140)]
        public uint DeviceMinor;
    }
}
