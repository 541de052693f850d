using System.Security.Cryptography;
using Flip.Io;

namespace Flip.Native;

/// <summary>
/// Where a changed library is kept: in place of the original, else in the user's own folder, where later starts find it. A library is code, so that
/// folder is used only where no other user can put something there or in the folders above.
/// </summary>
internal static class PatchedLibrary
{
    /// <summary>Writes a changed library, unless an earlier start has.</summary>
    /// <param name="original">Path of the library that was changed; it is replaced where it can be.</param>
    /// <param name="image">The changed library.</param>
    /// <param name="userFolder">Folder of the user's programs' data; null for the system's.</param>
    /// <returns>Path of the changed library.</returns>
    public static string Write(string original, byte[] image, string? userFolder = null)
    {
        userFolder ??= Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify);
        var name = Path.GetFileName(original);
        return TryWrite(() => WriteOnce(original, image))
            ?? (userFolder.Length == 0 ? null : TryWrite(() => WriteForUser(Path.Combine(userFolder, "flip", Hash(image)), name, image)))
            ?? WriteOnce(Path.Combine(Directory.CreateTempSubdirectory("flip-").FullName, name), image);
    }

    private static string Hash(byte[] image) => Convert.ToHexStringLower(SHA256.HashData(image))[..16];

    /// <summary>The path that was written to; null where the next place has to be tried.</summary>
    private static string? TryWrite(Func<string?> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? WriteForUser(string folder, string name, byte[] image)
    {
        PrivateFolder.Create(folder);
        return IsSafe(folder) && PrivateFolder.Narrow(folder) ? WriteOnce(Path.Combine(folder, name), image) : null;
    }

    private static string WriteOnce(string path, byte[] image)
    {
        if (OwnEntries.Problem(path) is not null || !File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(image))
        {
            AtomicFile.Write(path, stream => stream.Write(image));
        }

        return path;
    }

    /// <summary>Whether a folder and all above it are this user's or the administrator's, and none lets everyone replace what is in it.</summary>
    private static bool IsSafe(string folder)
    {
        for (var place = Path.GetFullPath(folder); place is not null; place = Path.GetDirectoryName(place))
        {
            if (!IsTrusted(FileStatus.Of(place)) || !IsTrusted(FileStatus.Of(place, follow: true)))
            {
                return false;
            }
        }

        return true;
    }

    private static bool IsTrusted(FileStatus? status) => status is not null
        && (status.IsOwn || status.Owner == 0)
        && (status.Type == FileStatus.Link || (status.Mode & (UnixFileMode.OtherWrite | UnixFileMode.StickyBit)) != UnixFileMode.OtherWrite);
}
