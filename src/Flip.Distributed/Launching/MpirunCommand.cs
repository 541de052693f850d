using System.Diagnostics;
using System.Globalization;

namespace Flip.Distributed.Launching;

/// <summary>The command line that starts a program on several machines.</summary>
/// <param name="Path">mpirun.</param>
/// <param name="IsOpenMpi">Open MPI's; else Hydra's (MPICH, Intel MPI).</param>
/// <param name="Extra">Further arguments of mpirun, from the user.</param>
public sealed record MpirunCommand(string Path, bool IsOpenMpi, IReadOnlyList<string> Extra)
{
    /// <summary>
    /// Seconds that Open MPI lets pass, when a rank is lost, before it asks the others to end, and again before it kills them. A run that is stopped does not
    /// depend on it: <see cref="MpirunJob"/> asks the ranks themselves.
    /// </summary>
    private const int SecondsToEnd = 5;

    /// <summary>How Open MPI finds out that a machine went silent: asked after 30 s of silence, and every 5 s, six times; by itself it waits eight minutes.</summary>
    private static readonly string[] Keepalive =
        ["--mca", "oob_tcp_keepalive_time", "30", "--mca", "oob_tcp_keepalive_intvl", "5", "--mca", "oob_tcp_keepalive_probes", "6"];

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Finds out whose mpirun it is.</summary>
    /// <param name="path">mpirun, a name in PATH or a file.</param>
    /// <param name="extra">Further arguments of it.</param>
    /// <exception cref="ConfigException">It cannot be started.</exception>
    public static MpirunCommand Find(string path, IReadOnlyList<string> extra)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(path, ["--version"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var errors = process.StandardError.ReadToEndAsync();
            var version = process.StandardOutput.ReadToEnd();
            process.WaitForExit(Patience);
            return new MpirunCommand(path, version.Contains("Open MPI", StringComparison.Ordinal) || version.Contains("OpenRTE", StringComparison.Ordinal), extra);
        }
        catch (Exception e) when (e is System.ComponentModel.Win32Exception or InvalidOperationException)
        {
            throw new ConfigException($"'{path}' cannot be started: {e.Message}. Install Open MPI or MPICH, or name its mpirun with --mpirun.");
        }
    }

    /// <summary>The arguments that start a program.</summary>
    /// <param name="hosts">The machines.</param>
    /// <param name="ranks">Ranks, as many as the machines have room for or fewer.</param>
    /// <param name="program">The program and its arguments.</param>
    public IReadOnlyList<string> Arguments(IReadOnlyList<HostSlots> hosts, int ranks, IReadOnlyList<string> program)
    {
        var list = string.Join(',', hosts);
        string[] own = IsOpenMpi
            ? ["--host", list, "--bind-to", "none", "--mca", "odls_base_sigkill_timeout", SecondsToEnd.ToString(CultureInfo.InvariantCulture), .. Keepalive]
            : ["-hosts", list, "-bind-to", "none"];
        return ["-n", ranks.ToString(CultureInfo.InvariantCulture), .. own, .. Extra, .. program];
    }

    /// <summary>Machines on which nothing can be started now.</summary>
    /// <param name="hosts">The machines.</param>
    public IReadOnlyList<string> Silent(IReadOnlyList<HostSlots> hosts) => [.. hosts
        .Where(host => host.Host != HostSlots.Local)
        .AsParallel().AsOrdered()
        .Where(host => !Answers(host))
        .Select(host => host.Host)];

    private bool Answers(HostSlots host)
    {
        var start = new ProcessStartInfo(Path, Arguments([host with { Slots = 1 }], 1, ["true"])) { RedirectStandardOutput = true, RedirectStandardError = true };
        using var process = Process.Start(start)!;
        process.OutputDataReceived += (_, _) => { };
        process.ErrorDataReceived += (_, _) => { };
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        if (process.WaitForExit(Patience))
        {
            return process.ExitCode == 0;
        }

        process.Kill(entireProcessTree: true);
        return false;
    }
}
