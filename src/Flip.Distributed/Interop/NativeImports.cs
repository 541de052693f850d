using System.Reflection;
using System.Runtime.InteropServices;

namespace Flip.Distributed.Interop;

/// <summary>The libraries behind this assembly's imports: those that were found and loaded, and no others.</summary>
internal static class NativeImports
{
    /// <summary>MPI's name in an import.</summary>
    public const string Mpi = "flip-mpi";

    /// <summary>NCCL's name in an import.</summary>
    public const string Nccl = "flip-nccl";

    private static readonly Dictionary<string, nint> Loaded = [];

    static NativeImports() => NativeLibrary.SetDllImportResolver(typeof(NativeImports).Assembly, Find);

    /// <summary>Makes a loaded library the one of that name.</summary>
    public static void Use(string name, nint handle)
    {
        lock (Loaded)
        {
            Loaded[name] = handle;
        }
    }

    private static nint Find(string name, Assembly assembly, DllImportSearchPath? paths)
    {
        lock (Loaded)
        {
            return Loaded.GetValueOrDefault(name);
        }
    }
}
