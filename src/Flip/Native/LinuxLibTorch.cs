using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Flip.Native;

/// <summary>Loads libtorch and TorchSharp's own library on Linux; every failure is one line that names what is missing and where.</summary>
internal static partial class LinuxLibTorch
{
    private const string BridgeName = "libLibTorchSharp.so";
    private const string CudaLibrary = "libtorch_cuda.so";
    private const string UnmetVersion = "GLIBCXX_3.4.32";
    private static readonly string[] Needed = ["libc10.so", "libtorch_cpu.so", "libtorch.so"];

    /// <summary>In the order of their needs.</summary>
    private static readonly string[] Libraries = ["libc10.so", "libtorch_cpu.so", "libc10_cuda.so", CudaLibrary, "libtorch.so"];

    /// <summary>Loads a libtorch.</summary>
    /// <param name="named">The folder that the user named; null for the program's own.</param>
    /// <exception cref="LibTorchException">It cannot be loaded.</exception>
    public static LibTorchInfo Load(string? named)
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            throw new LibTorchException(
                $"libtorch for .NET exists on Linux for x64 only, and this process is {RuntimeInformation.ProcessArchitecture}.");
        }

        var bridge = LibTorchPlaces.Bridge(BridgeName) ?? throw new LibTorchException(
            $"{BridgeName} is not beside the program: the project must be built with its TorchSharp package.");
        var (folder, origin) = LibTorchPlaces.Choose(named, LibTorchPlaces.OfRuntime(), LibTorchPlaces.Own()) ?? throw new LibTorchException(
            $"libtorch is not beside the program: reference libtorch-cpu-linux-x64, or set {LibTorch.FolderVariable} to the folder of a libtorch's libraries.");
        var main = LoadFolder(folder);
        var version = LibTorchVersion.Of(folder, main);
        LoadBridge(WithWeakVersion(bridge), folder, version);
        return new LibTorchInfo(folder, version, File.Exists(Path.Combine(folder, CudaLibrary)), origin);
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
            throw new LibTorchException($"Cannot prepare '{bridge}': {e.Message.ReplaceLineEndings(" ")}", e);
        }
    }

    /// <returns>Handle of the main library.</returns>
    private static nint LoadFolder(string folder)
    {
        var missing = Needed.Where(name => !File.Exists(Path.Combine(folder, name))).ToList();
        if (missing.Count > 0)
        {
            throw new LibTorchException($"The libtorch in '{folder}' is incomplete: {string.Join(" and ", missing)} {(missing.Count == 1 ? "is" : "are")} missing.");
        }

        nint main = 0;
        foreach (var path in Libraries.Select(name => Path.Combine(folder, name)).Where(File.Exists))
        {
            var (handle, problem) = DynamicLinker.Load(path);
            if (problem is not null)
            {
                throw new LibTorchException($"Cannot load '{path}': {problem}.{Advice(problem)}");
            }

            main = Path.GetFileName(path) == LibTorchPlaces.MainLibrary ? handle : main;
        }

        return main;
    }

    /// <summary>TorchSharp's library, with all of its imports: one that libtorch lacks would end the process when it is called.</summary>
    private static void LoadBridge(string bridge, string folder, string? version)
    {
        var (_, problem) = DynamicLinker.Load(bridge, resolveAll: true);
        if (problem is null)
        {
            return;
        }

        var found = version is null ? "whose version is unknown" : $"version {version}";
        var symbol = UndefinedSymbol().Match(problem);
        throw new LibTorchException(symbol.Success
            ? $"The libtorch in '{folder}', {found}, does not fit: it lacks '{DynamicLinker.Demangle(symbol.Groups[1].Value)}'. TorchSharp is built for libtorch {LibTorch.ExpectedVersion}: take that version."
            : $"Cannot load '{bridge}' with the libtorch in '{folder}', {found}: {problem}.{Advice(problem)}");
    }

    private static string Advice(string problem) => problem.Contains("cannot open shared object file", StringComparison.Ordinal)
        ? $" It needs that library: install it, or name its folder in LD_LIBRARY_PATH."
        : string.Empty;

    [GeneratedRegex(@"undefined symbol: ([^\s,]+)", RegexOptions.CultureInvariant)]
    private static partial Regex UndefinedSymbol();
}
