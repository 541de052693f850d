using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;
using Flip.Io;

namespace Flip.Native;

/// <summary>Finds a libtorch's version: in the files that its distributions put beside its folder, and by a function that it has since 2.9.</summary>
internal static partial class LibTorchVersion
{
    private const int LongestFile = 1 << 16;
    private const string Function = "aoti_torch_abi_version";

    /// <summary>The version, with the build's suffix where a file tells it; null where nothing does.</summary>
    /// <param name="folder">The folder of the libraries.</param>
    /// <param name="handle">Handle of its main library; 0 where it could not be loaded.</param>
    public static string? Of(string folder, nint handle)
    {
        var (stated, own) = (InFiles(folder), handle == 0 ? null : OfLibrary(handle));
        return own is null || (stated?.StartsWith(own, StringComparison.Ordinal) ?? false) ? stated : own;
    }

    /// <summary>What an archive of libtorch writes into <c>build-version</c>, and Python's package into <c>version.py</c>.</summary>
    internal static string? InFiles(string folder)
    {
        try
        {
            var real = new DirectoryInfo(folder).ResolveLinkTarget(returnFinalTarget: true)?.FullName ?? folder;
            var parent = Path.GetDirectoryName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(real)));
            return parent is null ? null : Match(Path.Combine(parent, "build-version"), ArchiveVersion()) ?? Match(Path.Combine(parent, "version.py"), PythonVersion());
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    private static string? Match(string file, Regex pattern)
    {
        if (!File.Exists(file) || PlainFile.Length(file) is <= 0 or > LongestFile)
        {
            return null;
        }

        var match = pattern.Match(Encoding.UTF8.GetString(PlainFile.ReadAll(file, LongestFile)));
        return match.Success ? match.Groups[1].Value : null;
    }

    /// <summary>The number's bytes from the highest: major, minor, patch.</summary>
    private static unsafe string? OfLibrary(nint handle)
    {
        if (!NativeLibrary.TryGetExport(handle, Function, out var address))
        {
            return null;
        }

        var number = ((delegate* unmanaged<ulong>)address)();
        return FormattableString.Invariant($"{number >> 56}.{(number >> 48) & 0xFF}.{(number >> 40) & 0xFF}");
    }

    [GeneratedRegex(@"\A(\d+\.\d+\.\d+[\w.+-]*)\s*\z", RegexOptions.CultureInvariant)]
    private static partial Regex ArchiveVersion();

    [GeneratedRegex(@"^__version__ = '(\d+\.\d+\.\d+[\w.+-]*)'", RegexOptions.CultureInvariant | RegexOptions.Multiline)]
    private static partial Regex PythonVersion();
}
