using System.Runtime.InteropServices;
using Flip.Collectives;
using Flip.Native;

namespace Flip.Distributed.Interop;

/// <summary>Finds and loads MPI's library, once, for as long as the process lives.</summary>
/// <param name="Mpi">Its calls.</param>
/// <param name="Version">Name and version as it gives them.</param>
/// <param name="Path">The file.</param>
internal sealed record MpiLibrary(Mpi Mpi, string Version, string Path)
{
    /// <summary>Environment variable that names the library.</summary>
    public const string Variable = "FLIP_MPI";

    private static readonly string[] OpenMpi = ["libmpi.so.40"];
    private static readonly string[] Mpich = ["libmpi.so.12", "libmpich.so.12", "libmpi.so.0"];
    private static readonly string[] Unnumbered = ["libmpi.so"];

    private static readonly Lock Gate = new();
    private static MpiLibrary? _loaded;

    /// <summary>Loads the library.</summary>
    /// <param name="named">Its name or path; null to look for it.</param>
    /// <param name="openMpiFirst">Which kind is tried first: that of the launcher.</param>
    /// <exception cref="CollectiveException">There is none, or it lacks a function.</exception>
    public static MpiLibrary Load(string? named, bool openMpiFirst)
    {
        if (!OperatingSystem.IsLinux() || !Environment.Is64BitProcess)
        {
            throw new CollectiveException("Several processes need 64-bit Linux.");
        }

        lock (Gate)
        {
            return _loaded ??= Open(named is { Length: > 0 } ? [named] : Candidates(openMpiFirst));
        }
    }

    /// <summary>The names that are tried, in order.</summary>
    internal static IReadOnlyList<string> Candidates(bool openMpiFirst) =>
        openMpiFirst ? [.. OpenMpi, .. Unnumbered, .. Mpich] : [.. Mpich, .. OpenMpi, .. Unnumbered];

    private static MpiLibrary Open(IReadOnlyList<string> names)
    {
        var problems = new List<string>();
        foreach (var name in names)
        {
            // Open MPI's plugins look for its functions among those of all libraries.
            var (handle, problem) = DynamicLinker.Load(name, resolveAll: true, isForAll: true);
            if (problem is not null)
            {
                problems.Add($"{name}: {problem}");
                continue;
            }

            if (!NativeLibrary.TryGetExport(handle, nameof(MpiCalls.MPI_Iallgatherv), out var address))
            {
                problems.Add($"{name}: it has no {nameof(MpiCalls.MPI_Iallgatherv)}, so it is no MPI of version 3 or later");
                continue;
            }

            NativeImports.Use(NativeImports.Mpi, handle);
            return new MpiLibrary(new Mpi(MpiAbi.Of(handle)), Mpi.Version(), DynamicLinker.FileOf(address) ?? name);
        }

        throw new CollectiveException(
            $"This process was started as one of several, and MPI's library cannot be loaded: {string.Join("; ", problems)}. "
            + $"Install the MPI of the launcher (Open MPI or MPICH), or name its libmpi in {Variable}.");
    }
}
