using System.Diagnostics;
using System.Text;
using Flip.Cli.Commands;

namespace Flip.Tests.Cli;

/// <summary>
/// The command in a process of its own, for inputs that could take the machine: whoever passes a limit of memory, threads or time is ended,
/// and the test fails. Needs Linux, whose <c>/proc</c> has the figures.
/// </summary>
internal static class BoundedCommand
{
    private const long Megabyte = 1 << 20;
    private static readonly TimeSpan LookInterval = TimeSpan.FromMilliseconds(20);

    /// <summary>Runs the command.</summary>
    /// <param name="args">What stands behind its name.</param>
    /// <param name="megabytes">Resident memory that it may take; the runtime and libtorch need about 300 by themselves.</param>
    /// <param name="threads">Threads that it may start.</param>
    /// <param name="seconds">Time that it may take.</param>
    /// <param name="home">The user's folder, caches included; that of the tests where it is null.</param>
    /// <param name="folder">The folder of the command; that of the tests where it is null.</param>
    /// <param name="environment">Variables that it gets.</param>
    public static (int Code, string Output, string Error) Run(
        string[] args,
        int megabytes = 1500,
        int threads = 100,
        int seconds = 60,
        string? home = null,
        string? folder = null,
        IReadOnlyDictionary<string, string>? environment = null)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: a child's memory and threads are read from /proc");
        var start = new ProcessStartInfo(Path.Combine(folder ?? AppContext.BaseDirectory, "flip"), args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (home is not null)
        {
            start.Environment["HOME"] = home;
            start.Environment.Remove("XDG_CACHE_HOME");
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        using var command = Process.Start(start)!;
        command.StandardInput.Close();
        var (output, error) = (command.StandardOutput.ReadToEndAsync(), command.StandardError.ReadToEndAsync());
        var clock = Stopwatch.StartNew();
        while (!command.WaitForExit(LookInterval))
        {
            var passed = Passed(command.Id, megabytes, threads) ?? (clock.Elapsed.TotalSeconds > seconds ? $"more than {seconds} seconds" : null);
            if (passed is not null)
            {
                command.Kill(entireProcessTree: true);
                command.WaitForExit();
                Assert.Fail($"flip {string.Join(' ', args)} took {passed}.\n{output.Result}\n{error.Result}");
            }
        }

        command.WaitForExit(); // until both streams have ended
        return (command.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs what must fail with a clear message that has all the parts, and within the limits.</summary>
    public static void AssertFails(string[] args, params string[] parts)
    {
        var (code, _, error) = Run(args);
        Assert.Equal(ExitCode.Failed, code);
        Assert.All(parts, part => Assert.Contains(part, error, StringComparison.Ordinal));
        Assert.DoesNotContain("internal error", error, StringComparison.Ordinal);
    }

    private static string? Passed(int process, int megabytes, int threads)
    {
        string status;
        try
        {
            status = File.ReadAllText($"/proc/{process}/status", Encoding.UTF8);
        }
        catch (IOException)
        {
            return null; // it has just ended
        }

        return Field(status, "VmRSS:") * 1024 > megabytes * Megabyte ? $"more than {megabytes} MB"
            : Field(status, "Threads:") > threads ? $"more than {threads} threads"
            : null;
    }

    private static long Field(string status, string name)
    {
        var line = status.Split('\n').FirstOrDefault(line => line.StartsWith(name, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[name.Length..].Replace("kB", "", StringComparison.Ordinal), System.Globalization.CultureInfo.InvariantCulture);
    }
}
