using System.Runtime.InteropServices;

namespace Flip.Native;

/// <summary>
/// Loads libtorch before TorchSharp's first call, from the build output or from a folder the user names.
/// Whatever computes calls <see cref="EnsureLoaded"/>; an executable that trains calls <see cref="PrepareProcess"/> first.
/// </summary>
/// <remarks>
/// TorchSharp's Linux library asks for <c>GLIBCXX_3.4.32</c>, which the C++ runtime of Debian 12 and Ubuntu 22.04 lacks,
/// although no symbol that is relocated needs it. The requirement is made weak in the copy beside the program (or, where
/// that folder is read-only, in a copy in the user's own folder, <see cref="PatchedLibrary"/>); on newer systems this changes nothing.
/// </remarks>
public static partial class LibTorch
{
    /// <summary>Environment variable that names a folder with another libtorch, such as a CUDA build's <c>lib</c>.</summary>
    public const string FolderVariable = "FLIP_LIBTORCH";

    private const string UnmetVersion = "GLIBCXX_3.4.32";
    private static readonly Lock Gate = new();
    private static bool _loaded;

    /// <summary>
    /// Makes the process one that trains: freed memory is kept for the next step, and threads that wait for each other sleep. An executable calls it
    /// before anything loads libtorch; a library that is a guest in another program does not.
    /// </summary>
    public static void PrepareProcess()
    {
        if (OperatingSystem.IsLinux())
        {
            NativeHeap.KeepFreedMemory();
            LetWaitingThreadsSleep();
        }
    }

    /// <summary>Loads libtorch once; later calls return at once.</summary>
    /// <param name="folder">A folder with <c>libtorch.so</c> and its companions; null for <see cref="FolderVariable"/>, else
    /// the library in the build output.</param>
    /// <exception cref="LibTorchException">The library cannot be loaded; the message is one line and says what to do.</exception>
    public static void EnsureLoaded(string? folder = null)
    {
        lock (Gate)
        {
            if (_loaded)
            {
                return;
            }

            folder ??= Environment.GetEnvironmentVariable(FolderVariable);
            if (OperatingSystem.IsLinux())
            {
                LoadOnLinux(string.IsNullOrEmpty(folder) ? null : folder);
            }
            else if (!string.IsNullOrEmpty(folder))
            {
                LoadFolder(folder, OperatingSystem.IsWindows() ? ["torch_cpu.dll", "torch_cuda.dll"] : ["libtorch_cpu.dylib"]);
            }

            _loaded = true;
        }
    }

    private static void LoadOnLinux(string? folder)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new LibTorchException(
                $"libtorch for .NET exists on Linux for x64 only, and this process is {RuntimeInformation.ProcessArchitecture}.");
        }

        var bridge = FindInOutput("libLibTorchSharp.so")
            ?? throw new LibTorchException(
                "libLibTorchSharp.so is not beside the program: the project must be built with its TorchSharp package.");
        LoadFolder(
            folder ?? Path.GetDirectoryName(FindInOutput("libtorch_cpu.so")) ?? throw new LibTorchException(
                $"libtorch is not beside the program: reference libtorch-cpu-linux-x64, or set {FolderVariable} to a libtorch lib folder."),
            ["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", "libtorch_cuda.so", "libtorch.so"]);
        Load(WithWeakVersion(bridge));
    }

    /// <summary>
    /// OpenMP threads that wait for each other spin by default. Beside decoding threads or other processes on the same cores they then
    /// take the time of whoever they wait for: a training step became four times slower. The library reads this when it is loaded.
    /// </summary>
    private static void LetWaitingThreadsSleep() => _ = SetEnvironment("OMP_WAIT_POLICY", "PASSIVE", overwrite: 0);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);

    private static void LoadFolder(string folder, string[] libraries)
    {
        var present = libraries.Select(name => Path.Combine(folder, name)).Where(File.Exists).ToList();
        if (present.Count == 0)
        {
            throw new LibTorchException($"No libtorch in the folder '{folder}': expected {string.Join(", ", libraries)}.");
        }

        present.ForEach(Load);
    }

    private static void Load(string path)
    {
        try
        {
            NativeLibrary.Load(path);
        }
        catch (Exception e) when (e is DllNotFoundException or BadImageFormatException)
        {
            throw new LibTorchException($"Cannot load {path}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <summary>The library to load: <paramref name="bridge"/> itself, changed in place if needed, or a changed copy.</summary>
    /// <exception cref="LibTorchException">The file is no library, or it can be written nowhere.</exception>
    internal static string WithWeakVersion(string bridge)
    {
        try
        {
            var image = File.ReadAllBytes(bridge);
            return ElfVersionNeeds.MakeWeak(image, UnmetVersion) ? PatchedLibrary.Write(bridge, image) : bridge;
        }
        catch (Exception e) when (e is BadImageFormatException or IOException or UnauthorizedAccessException)
        {
            throw new LibTorchException($"Cannot prepare {bridge}: {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    private static string? FindInOutput(string name) =>
        new[] { AppContext.BaseDirectory, Path.Combine(AppContext.BaseDirectory, "runtimes", "linux-x64", "native") }
            .Select(folder => Path.Combine(folder, name))
            .FirstOrDefault(File.Exists);
}
