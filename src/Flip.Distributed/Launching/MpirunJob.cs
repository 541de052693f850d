using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;

namespace Flip.Distributed.Launching;

/// <summary>
/// One start of a program under mpirun, whose output passes through. mpirun is in a session of its own, so Ctrl-C reaches this process alone, which asks the
/// ranks to stop by SIGUSR1: mpirun passes it on, where a SIGINT or SIGTERM would make it kill them within seconds.
/// </summary>
/// <param name="output">Receives lines of standard output.</param>
/// <param name="error">Receives lines of standard error.</param>
public sealed partial class MpirunJob(Action<string> output, Action<string> error)
{
    private const int Sigusr1 = 10;
    private const int Sigterm = 15;
    private const string Session = "setsid";
    private static readonly TimeSpan PollTime = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan PatienceAfterTerm = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan PatienceForOutput = TimeSpan.FromSeconds(5);

    private long _failedAt;
    private string? _failedHost;

    /// <summary>How long the job may take to end once a rank has told a failure: mpirun may wait for a machine that is gone.</summary>
    public TimeSpan TimeToEnd { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>Runs to the end.</summary>
    /// <param name="path">mpirun.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="cancellation">Asks the ranks to stop; they write a checkpoint and end.</param>
    /// <returns>Exit code, and the machine whose rank told a failure first.</returns>
    public (int Code, string? FailedHost) Run(string path, IReadOnlyList<string> arguments, CancellationToken cancellation)
    {
        var start = HasSession() ? new ProcessStartInfo(Session, [path, .. arguments]) : new ProcessStartInfo(path, arguments);
        (start.RedirectStandardOutput, start.RedirectStandardError) = (true, true);
        using var process = new Process { StartInfo = start };
        var closed = new TaskCompletionSource[] { new(), new() }; // standard output and error
        process.OutputDataReceived += (_, line) => Pass(line.Data, closed[0], output);
        process.ErrorDataReceived += (_, line) => Pass(line.Data, closed[1], See);
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        using var stop = cancellation.Register(() => Signal(process, Sigusr1));
        while (!process.WaitForExit(PollTime))
        {
            if (Volatile.Read(ref _failedAt) is not 0 and var since && Stopwatch.GetElapsedTime(since) > TimeToEnd)
            {
                error($"mpirun has not ended {TimeToEnd.TotalSeconds:0} s after the failure; it is killed.");
                Kill(process);
            }
        }

        // The rest of its output. What it started, such as an ssh to a machine that is gone, may keep the streams open for long.
        _ = Task.WaitAll([.. closed.Select(stream => stream.Task)], PatienceForOutput);
        return (process.ExitCode, Volatile.Read(ref _failedHost));
    }

    /// <summary>What <c>flip</c> writes when a rank fails.</summary>
    [GeneratedRegex(@"^flip: rank \d+ on (?<host>[^\s:]+): ")]
    private static partial Regex Failure();

    /// <summary>What it writes when others no longer answer; the machine of the last one that is named.</summary>
    [GeneratedRegex(@"^flip: .*\d+ on (?<host>[^\s:;,]+)( and \d+ more)? did not come and do(es)? not answer")]
    private static partial Regex Silence();

    [GeneratedRegex(@"process rank \d+ with PID \d+ on node (?<host>\S+) exited on signal")]
    private static partial Regex KilledOpenMpi();

    /// <summary>The machine of a rank that was lost or failed, if a line says so.</summary>
    internal static string? FailedHostOf(string line) =>
        new[] { Failure().Match(line), Silence().Match(line), KilledOpenMpi().Match(line) }.FirstOrDefault(match => match.Success)?.Groups["host"].Value;

    private static bool IsTooLate(string line) =>
        line.StartsWith("flip: ", StringComparison.Ordinal) && line.Contains(CollectiveLimits.TimeoutVariable, StringComparison.Ordinal);

    private static void Pass(string? line, TaskCompletionSource closed, Action<string> to)
    {
        if (line is null)
        {
            closed.TrySetResult();
        }
        else
        {
            to(line);
        }
    }

    private void See(string line)
    {
        var host = FailedHostOf(line);
        if (host is not null)
        {
            Interlocked.CompareExchange(ref _failedHost, host, null);
        }

        if (host is not null || IsTooLate(line))
        {
            Interlocked.CompareExchange(ref _failedAt, Stopwatch.GetTimestamp(), 0);
        }

        error(line);
    }

    private static bool HasSession() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Any(folder => File.Exists(Path.Combine(folder, Session)));

    private static void Signal(Process process, int signal)
    {
        try
        {
            if (!process.HasExited && OperatingSystem.IsLinux())
            {
                _ = SendSignal(process.Id, signal);
            }
        }
        catch (InvalidOperationException)
        {
            // It has just ended.
        }
    }

    private static void Kill(Process process)
    {
        Signal(process, Sigterm);
        if (!process.WaitForExit(PatienceAfterTerm))
        {
            process.Kill(entireProcessTree: true);
        }
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int SendSignal(int process, int signal);
}
