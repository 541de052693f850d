using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>
/// Loads libtorch before TorchSharp's first call: from the folder <c>libtorch</c> beside the program, from where the runtime looks for native libraries,
/// or from a folder the user names. Whatever computes calls <see cref="EnsureLoaded"/>; an executable that trains calls <see cref="PrepareProcess"/> first.
/// </summary>
/// <remarks>
/// TorchSharp's Linux library asks for <c>GLIBCXX_3.4.32</c>, which the C++ runtime of Debian 12 and Ubuntu 22.04 lacks,
/// although no symbol that is relocated needs it. The requirement is made weak in the copy beside the program (or, where
/// that folder is read-only, in a copy in the user's own folder, <see cref="PatchedLibrary"/>); on newer systems this changes nothing.
/// </remarks>
public static class LibTorch
{
    /// <summary>Environment variable that names a folder with another libtorch, such as a CUDA build's <c>lib</c>.</summary>
    public const string FolderVariable = "FLIP_LIBTORCH";

    /// <summary>The version of libtorch that TorchSharp's own library is built for.</summary>
    public const string ExpectedVersion = "2.10.0";

    private static readonly Lock Gate = new();

    /// <summary>The libtorch that <see cref="EnsureLoaded"/> has loaded; null before.</summary>
    public static LibTorchInfo? Loaded { get; private set; }

    /// <summary>
    /// Makes the process one that trains: freed memory is kept for the next step, and threads that wait for each other sleep. An executable calls it
    /// before anything loads libtorch; a library that is a guest in another program does not.
    /// </summary>
    public static void PrepareProcess()
    {
        if (OperatingSystem.IsLinux())
        {
            NativeHeap.KeepFreedMemory();
            NativeEnvironment.PrepareLibTorch();
        }
    }

    /// <summary>Loads libtorch once; later calls return at once.</summary>
    /// <param name="folder">A folder with libtorch's libraries, or whose <c>lib</c> has them; null for <see cref="FolderVariable"/>, else the program's own.</param>
    /// <exception cref="LibTorchException">The library cannot be loaded; the message is one line and says what to do.</exception>
    public static void EnsureLoaded(string? folder = null)
    {
        lock (Gate)
        {
            if (Loaded is not null)
            {
                return;
            }

            folder ??= Environment.GetEnvironmentVariable(FolderVariable);
            folder = string.IsNullOrEmpty(folder) ? null : folder;
            Loaded = OperatingSystem.IsLinux() ? LinuxLibTorch.Load(folder) : LoadElsewhere(folder);
        }
    }

    /// <summary>On Windows and macOS TorchSharp itself loads the libtorch of a package; only a named one is loaded here.</summary>
    private static LibTorchInfo LoadElsewhere(string? named)
    {
        var cuda = OperatingSystem.IsWindows() ? "torch_cuda.dll" : "libtorch_cuda.dylib";
        var (folder, origin) = LibTorchPlaces.Choose(named, LibTorchPlaces.OfRuntime(), []) ?? (AppContext.BaseDirectory, LibTorchOrigin.Referenced);
        nint main = 0;
        if (origin == LibTorchOrigin.Named)
        {
            main = Load(Path.Combine(folder, LibTorchPlaces.MainLibrary));
            if (File.Exists(Path.Combine(folder, cuda)))
            {
                Load(Path.Combine(folder, cuda));
            }
        }

        return new LibTorchInfo(folder, LibTorchVersion.Of(folder, main), File.Exists(Path.Combine(folder, cuda)), origin);
    }

    private static nint Load(string path)
    {
        try
        {
            return NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new LibTorchException($"Cannot load '{path}': {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }
}
