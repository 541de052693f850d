using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.Arm;
using System.Runtime.Intrinsics.X86;
using System.Text;
using Flip.Devices;
using Flip.Native;

namespace Flip.Tasks.Diagnostics;

/// <summary>What is here: the machine, its libtorch and its devices.</summary>
/// <param name="Flip">Version of this library.</param>
/// <param name="Runtime">.NET and the operating system.</param>
/// <param name="Processor">Name of the processor.</param>
/// <param name="Cores">Processors that this process may use.</param>
/// <param name="VectorUnits">What it computes several numbers at once with, the widest last.</param>
/// <param name="Bf16">It multiplies bfloat16 itself.</param>
/// <param name="MemoryBytes">Memory that this process may use.</param>
/// <param name="DiskFreeBytes">Free space where the process works.</param>
/// <param name="LibTorch">The libtorch that is loaded; null where none can be.</param>
/// <param name="DriverVersion">The highest version of CUDA that NVIDIA's driver runs; null without one.</param>
/// <param name="Gpus">What the driver sees.</param>
/// <param name="Hints">What the user may want to know of it.</param>
public sealed record MachineFacts(
    string Flip,
    string Runtime,
    string Processor,
    int Cores,
    IReadOnlyList<string> VectorUnits,
    bool Bf16,
    long MemoryBytes,
    long DiskFreeBytes,
    LibTorchInfo? LibTorch,
    string? DriverVersion,
    IReadOnlyList<CudaDevice> Gpus,
    IReadOnlyList<string> Hints)
{
    /// <summary>Looks around. libtorch is loaded if it can be; that it cannot be is a hint.</summary>
    public static MachineFacts Find()
    {
        var hints = new List<string>();
        try
        {
            Native.LibTorch.EnsureLoaded();
        }
        catch (LibTorchException e)
        {
            hints.Add(e.Message);
        }

        var libTorch = Native.LibTorch.Loaded;
        if (CudaDriver.Devices.Count > 0 && libTorch is { HasCuda: false })
        {
            hints.Add($"There is a GPU, and this libtorch is for the processor alone: set {Native.LibTorch.FolderVariable} to the lib folder of a CUDA libtorch {Native.LibTorch.ExpectedVersion}.");
        }
        else if (CudaDriver.Devices.Count == 0 && (libTorch is { HasCuda: true } || CudaDriver.Version is not null))
        {
            hints.Add(CudaDriver.Problem ?? "No GPU is seen.");
        }

        if (libTorch?.Version is { } version && !version.StartsWith(Native.LibTorch.ExpectedVersion, StringComparison.Ordinal))
        {
            hints.Add($"libtorch {version} has all that TorchSharp calls, which is built for {Native.LibTorch.ExpectedVersion}; whether it computes the same, the checks below say.");
        }

        return new MachineFacts(
            typeof(MachineFacts).Assembly.GetName().Version!.ToString(3),
            $"{RuntimeInformation.FrameworkDescription}, {RuntimeInformation.OSDescription}",
            ProcessorName(),
            Processors.Available,
            [.. Units().Where(unit => unit.IsHere).Select(unit => unit.Name)],
            Bf16Support.OnProcessor,
            DeviceMemory.OfMachine,
            new DriveInfo(Environment.CurrentDirectory).AvailableFreeSpace,
            libTorch,
            CudaDriver.Version?.ToString(),
            CudaDriver.Devices,
            hints);
    }

    private static IEnumerable<(string Name, bool IsHere)> Units() =>
    [
        ("Neon", AdvSimd.IsSupported),
        ("AVX2", Avx2.IsSupported),
        ("AVX-512", Avx512F.IsSupported),
    ];

    /// <summary>The name that the processor has in itself.</summary>
    private static string ProcessorName()
    {
        const int first = unchecked((int)0x80000002);
        if (!X86Base.IsSupported || unchecked((uint)X86Base.CpuId(unchecked((int)0x80000000), 0).Eax) < 0x80000004)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }

        var words = Enumerable.Range(first, 3).SelectMany(leaf =>
        {
            var (a, b, c, d) = X86Base.CpuId(leaf, 0);
            return new[] { a, b, c, d };
        });
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes<int>(words.ToArray())).TrimEnd('\0').Trim();
    }
}
