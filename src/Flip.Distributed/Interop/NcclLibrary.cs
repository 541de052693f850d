using System.Globalization;
using System.Runtime.InteropServices;
using Flip.Native;

namespace Flip.Distributed.Interop;

/// <summary>Finds and loads NCCL's library, once, for as long as the process lives.</summary>
internal static class NcclLibrary
{
    /// <summary>Environment variable that names the library.</summary>
    public const string Variable = "FLIP_NCCL";

    private const string Name = "libnccl.so.2";
    private const int OldestVersion = 21400; // 2.14, whose errors have words

    private static readonly Lazy<(string? Version, string? Path, string? Problem)> Found = new(Find);

    /// <summary>The library's version and file; or why there is none, and what to do.</summary>
    public static (string? Version, string? Path, string? Problem) Loaded => Found.Value;

    /// <summary>A version as NCCL writes it in a number: 22703 is 2.27.3.</summary>
    internal static string VersionOf(int code) => string.Create(CultureInfo.InvariantCulture, $"{code / 10000}.{code / 100 % 100}.{code % 100}");

    private static (string? Version, string? Path, string? Problem) Find()
    {
        var problems = new List<string>();
        foreach (var candidate in Candidates(Environment.GetEnvironmentVariable(Variable), LibTorch.Loaded?.Folder))
        {
            var (handle, problem) = DynamicLinker.Load(candidate, resolveAll: true);
            if (problem is not null)
            {
                problems.Add($"{candidate}: {problem}");
            }
            else if (!NativeLibrary.TryGetExport(handle, nameof(NcclCalls.ncclGetLastError), out var address))
            {
                problems.Add($"{candidate}: it is no NCCL of version 2.14 or later");
            }
            else
            {
                NativeImports.Use(NativeImports.Nccl, handle);
                _ = NcclCalls.ncclGetVersion(out var version);
                return version >= OldestVersion
                    ? (VersionOf(version), DynamicLinker.FileOf(address) ?? candidate, null)
                    : (null, null, $"{candidate} is NCCL {VersionOf(version)}, and 2.14 or later is needed.");
            }
        }

        return (null, null, $"NCCL cannot be loaded: {string.Join("; ", problems)}. It comes with a CUDA libtorch; or install libnccl2, or name its file in {Variable}.");
    }

    /// <summary>The files that are tried, in order.</summary>
    internal static IEnumerable<string> Candidates(string? named, string? libtorch) =>
        named is { Length: > 0 } ? [named] : libtorch is null ? [Name] : [Path.Combine(libtorch, Name), Name];
}
