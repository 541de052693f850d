using Flip.Io;

namespace Flip.Native;

/// <summary>Where a libtorch and TorchSharp's own library may lie, and which of two is taken.</summary>
/// <remarks>
/// TorchSharp asks the runtime for <c>torch_cpu</c>. The runtime loads the first file of that name in its own places by full path, whatever the process has
/// loaded before; where there is none, the system answers with what is loaded. A second libtorch ends the process ("multiple backend fallbacks").
/// So a libtorch in those places is the one that must be taken, and another is refused.
/// </remarks>
internal static class LibTorchPlaces
{
    /// <summary>The folder beside the program where a build of Flip puts libtorch.</summary>
    public const string OwnFolder = "libtorch";

    /// <summary>The library that TorchSharp asks for.</summary>
    public static string MainLibrary => OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";

    private static string RuntimeFolder => Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native");

    /// <summary>Where the runtime looks for TorchSharp's libraries, in its order.</summary>
    public static IReadOnlyList<string> OfRuntime()
    {
        var stated = AppContext.GetData("NATIVE_DLL_SEARCH_DIRECTORIES") as string;
        return
        [
            .. (stated ?? AppContext.BaseDirectory).Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries),
            .. FolderOf(typeof(TorchSharp.torch)),
        ];
    }

    /// <summary>TorchSharp's own library on Linux; null where there is none.</summary>
    public static string? Bridge(string name) => First([.. OfRuntime(), AppContext.BaseDirectory, RuntimeFolder], name) is { } folder ? Path.Combine(folder, name) : null;

    /// <summary>The folder of the libtorch to take.</summary>
    /// <param name="named">The folder that the user named; null for none.</param>
    /// <param name="ofRuntime">Where the runtime looks.</param>
    /// <param name="own">Where a build of Flip puts it.</param>
    /// <returns>Null where there is none.</returns>
    /// <exception cref="LibTorchException">The named folder has none, or TorchSharp would load another beside it.</exception>
    public static (string Folder, LibTorchOrigin Origin)? Choose(string? named, IReadOnlyList<string> ofRuntime, IEnumerable<string> own)
    {
        var probed = First(ofRuntime, MainLibrary);
        if (named is null)
        {
            return probed is not null ? (probed, LibTorchOrigin.Referenced)
                : First(own, MainLibrary) is { } packaged ? (packaged, LibTorchOrigin.Packaged)
                : First([AppContext.BaseDirectory, RuntimeFolder], MainLibrary) is { } beside ? (beside, LibTorchOrigin.Referenced)
                : null;
        }

        var folder = Named(named);
        if (probed is not null && !IsSame(Path.Combine(folder, MainLibrary), Path.Combine(probed, MainLibrary)))
        {
            throw new LibTorchException(
                $"Two libtorchs cannot be loaded: {LibTorch.FolderVariable} names '{folder}', and TorchSharp would load '{Path.Combine(probed, MainLibrary)}' beside it. "
                + $"Unset {LibTorch.FolderVariable}, or build the program without the other (Flip: -p:FlipBackend=none, into an empty folder).");
        }

        return (folder, LibTorchOrigin.Named);
    }

    /// <summary>Where a build of Flip puts libtorch: beside the program, or beside this library in another program.</summary>
    public static IEnumerable<string> Own() => new[] { AppContext.BaseDirectory }.Concat(FolderOf(typeof(LibTorch))).Select(folder => Path.Combine(folder, OwnFolder));

    /// <summary>The folder of the libraries: the named one, or <c>lib</c> in it.</summary>
    private static string Named(string folder)
    {
        var full = Path.GetFullPath(folder);
        return First([full, Path.Combine(full, "lib")], MainLibrary)
            ?? throw new LibTorchException(
                $"No libtorch in '{full}': {(Directory.Exists(full) ? $"{MainLibrary} is not there" : "there is no such folder")}. "
                + $"{LibTorch.FolderVariable} names the folder of libtorch's libraries, such as libtorch/lib.");
    }

    private static string? First(IEnumerable<string> folders, string name) =>
        folders.Select(Path.TrimEndingDirectorySeparator).FirstOrDefault(folder => File.Exists(Path.Combine(folder, name)));

    private static IEnumerable<string> FolderOf(Type type) => Path.GetDirectoryName(type.Assembly.Location) is { Length: > 0 } folder ? [folder] : [];

    /// <summary>Whether two paths lead to one file, as the system's linker decides it.</summary>
    private static bool IsSame(string one, string other) =>
        FileStatus.Of(one, follow: true) is { } first && FileStatus.Of(other, follow: true) is { } second
            ? first.Identity == second.Identity
            : string.Equals(Final(one), Final(other), OperatingSystem.IsWindows() ? StringComparison.OrdinalIgnoreCase : StringComparison.Ordinal);

    private static string Final(string path) => File.ResolveLinkTarget(path, returnFinalTarget: true)?.FullName ?? Path.GetFullPath(path);
}
