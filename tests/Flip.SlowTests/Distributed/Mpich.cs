namespace Flip.SlowTests.Distributed;

/// <summary>MPICH beside Open MPI, where it is: installed, or unpacked in the folder that <c>FLIP_TEST_MPICH</c> names.</summary>
internal static class Mpich
{
    public const string Missing = "needs MPICH: Debian has it in mpich; FLIP_TEST_MPICH names a folder that the package was unpacked to";

    private static readonly string Root = System.Environment.GetEnvironmentVariable("FLIP_TEST_MPICH") ?? "";

    /// <summary>Its libmpi; null where there is none.</summary>
    public static string? Library { get; } = Found(Path.Combine(Root + "/", "usr/lib/x86_64-linux-gnu/libmpich.so.12"));

    /// <summary>Its launcher; null where there is none.</summary>
    public static string? Launcher { get; } = Library is null ? null : Found(Path.Combine(Root + "/", "usr/bin/mpiexec.hydra"));

    /// <summary>Where the launcher and the ranks find its libraries.</summary>
    public static IReadOnlyDictionary<string, string> Environment { get; } = new Dictionary<string, string>
    {
        ["LD_LIBRARY_PATH"] = $"{Path.GetDirectoryName(Library)}:{System.Environment.GetEnvironmentVariable("LD_LIBRARY_PATH")}",
    };

    private static string? Found(string path) => File.Exists(path) ? path : null;
}
