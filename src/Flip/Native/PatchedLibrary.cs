using System.Security.Cryptography;
using Flip.Io;

namespace Flip.Native;

/// <summary>Where a changed library is kept: in place of the original, else in the user's own folder, where later starts find it.</summary>
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
        var hash = Convert.ToHexStringLower(SHA256.HashData(image))[..16];
        string[] places = userFolder.Length == 0 ? [original] : [original, Path.Combine(userFolder, "flip", hash, name)];
        foreach (var place in places)
        {
            try
            {
                return WriteOnce(place, image);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // The next place may be writable.
            }
        }

        return WriteOnce(Path.Combine(Directory.CreateTempSubdirectory("flip-").FullName, name), image);
    }

    private static string WriteOnce(string path, byte[] image)
    {
        // A name says little in a folder that others may write to; what is loaded is what was meant.
        if (!File.Exists(path) || !File.ReadAllBytes(path).AsSpan().SequenceEqual(image))
        {
            AtomicFile.Write(path, stream => stream.Write(image));
        }

        return path;
    }
}
