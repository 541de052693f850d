using System.Globalization;
using Flip.Cli.Benchmarking;
using Flip.Native;
using Flip.Tasks.Benchmarking;
using Flip.Tasks.Diagnostics;

namespace Flip.Cli.Reporting;

/// <summary>Shows what <c>flip doctor</c> finds, as it finds it.</summary>
internal sealed class DoctorView(TextWriter output)
{
    private const double Gigabyte = 1e9;

    public void Show(MachineFacts machine)
    {
        Line("Flip", $"{machine.Flip}; {machine.Runtime}");
        Line("Processor", $"{machine.Processor}, {machine.Cores} cores; {string.Join(", ", machine.VectorUnits)}; bf16 {(machine.Bf16 ? "multiplied by itself" : "emulated")}");
        Line("Memory", $"{machine.MemoryBytes / Gigabyte:0.0} GB; {machine.DiskFreeBytes / Gigabyte:0} GB free on the disk");
        Line("libtorch", machine.LibTorch is { } library
            ? (FormattableString)$"{library.Version ?? "of unknown version"}, {(library.HasCuda ? "for CUDA" : "for the processor")}, {Origin(library.Origin)}: {library.Folder}"
            : $"none");
        if (machine.DriverVersion is { } driver)
        {
            Line("Driver", $"CUDA {driver}");
        }

        foreach (var gpu in machine.Gpus)
        {
            Line($"cuda:{gpu.Index}", $"{gpu.Name}, {gpu.TotalBytes / Gigabyte:0.0} GB, compute capability {gpu.ComputeCapability}, {gpu.Multiprocessors} multiprocessors");
        }

        foreach (var hint in machine.Hints)
        {
            Line("Note", $"{hint}");
        }
    }

    public void ShowDevice(DoctorReport report)
    {
        Line("Device", $"{report.Device}, in {report.Precision?.ToString().ToLowerInvariant()}");
        Line("Kernels", $"{string.Join("; ", report.Kernels)}");
        output.WriteLine();
    }

    public void Show(CheckResult check) => output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"  {(check.Passed ? "right" : "WRONG")}  {check.Name,-72} {(check.Passed ? $"{check.Difference * 100,4:0} % of what is allowed" : check.Problem)}"));

    public void ShowCopies(double? rate)
    {
        output.WriteLine();
        if (rate is { } known)
        {
            Line("Copies", $"{known / Gigabyte:0.0} GB/s to the device");
        }
    }

    /// <summary>What takes a while, where progress is shown.</summary>
    public void Say(string text)
    {
        if (output != TextWriter.Null)
        {
            Console.Error.WriteLine(text);
        }
    }

    public void Show(StepReport step) => output.WriteLine(step.ToMarkdown());

    public void Show(RanksReport ranks)
    {
        output.WriteLine();
        Line("Ranks", $"{ranks.Ranks.Count} on {Hosts(ranks)}, started by {ranks.Launcher}");
        Line("MPI", $"{ranks.Mpi.Version}: {ranks.Mpi.Path}");
        Line("NCCL", ranks.Nccl is { } nccl ? (FormattableString)$"{nccl.Version}: {nccl.Path}" : $"none, which only GPUs need: {ranks.NcclProblem}");
        foreach (var rank in ranks.Ranks)
        {
            Line($"rank {rank.Rank}", $"{rank.Host}, {rank.Device ?? "no device"}{(rank.Gpu is null ? "" : $" ({rank.Gpu})")}, {rank.Threads} {(rank.Threads == 1 ? "thread" : "threads")}");
        }

        output.WriteLine();
    }

    public void Show(IReadOnlyList<CollectiveTime> times)
    {
        output.WriteLine();
        foreach (var operation in times.GroupBy(time => time.Operation))
        {
            var (small, large) = (operation.MinBy(time => time.Bytes)!, operation.MaxBy(time => time.Bytes)!);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"  {operation.Key,-16} {small.Seconds * 1e6,8:0} us for {small.Bytes} bytes, {large.BytesPerSecond / 1e6,8:0} MB/s sent for {large.Bytes >> 20} MB"));
        }

        output.WriteLine();
    }

    public void End(DoctorReport report) => output.WriteLine(report.Problem is null ? "Nothing is wrong." : $"WRONG: {report.Problem}");

    private static string Hosts(RanksReport ranks) => ranks.Ranks.Select(rank => rank.Host).Distinct().Count() is var hosts && hosts == 1 ? "1 host" : $"{hosts} hosts";

    private static string Origin(LibTorchOrigin origin) => origin switch
    {
        LibTorchOrigin.Named => $"named by {LibTorch.FolderVariable}",
        LibTorchOrigin.Referenced => "of a package",
        _ => "with the program",
    };

    private void Line(string name, FormattableString text) =>
        output.WriteLine($"{name,-10} {text.ToString(CultureInfo.InvariantCulture)}");
}
