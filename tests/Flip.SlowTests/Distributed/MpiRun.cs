using System.Diagnostics;
using Flip.Tests;

namespace Flip.SlowTests.Distributed;

/// <summary>Processes that a real launcher starts on this machine, the command or the scenarios of <see cref="RankScenarios"/>, within a bound of time.</summary>
internal sealed class MpiRun : IDisposable
{
    private const int Patience = 120; // seconds

    private readonly Process _launcher;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    private MpiRun(ProcessStartInfo start)
    {
        _launcher = Process.Start(start)!;
        _launcher.StandardInput.Close();
        (_output, _error) = (_launcher.StandardOutput.ReadToEndAsync(), _launcher.StandardError.ReadToEndAsync());
    }

    /// <summary>The command.</summary>
    public static string Flip { get; } = Path.Combine(AppContext.BaseDirectory, "flip");

    /// <summary>Starts a program on so many ranks with Open MPI.</summary>
    public static MpiRun Start(int ranks, string[] program, IReadOnlyDictionary<string, string>? environment = null, params string[] options)
    {
        Assert.SkipUnless(Find("mpirun") is not null, "needs mpirun: Debian has it in openmpi-bin");
        return Start([Find("mpirun")!, "--allow-run-as-root", "--oversubscribe", .. options, "-n", $"{ranks}", .. program], environment);
    }

    /// <summary>Starts any command line.</summary>
    public static MpiRun Start(string[] line, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["OMPI_MCA_rmaps_base_oversubscribe"] = "1";
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new MpiRun(start);
    }

    /// <summary>The command line that runs a scenario.</summary>
    public static string[] Scenario(string name) =>
    [
        Path.Combine(AppContext.BaseDirectory, "Flip.SlowTests"), "-explicit", "only", "-noLogo", "-noColor", "-method", $"{typeof(RankScenarios).FullName}.{name}",
    ];

    /// <summary>Runs a scenario to its end.</summary>
    /// <returns>The launcher's exit code, and what each rank wrote.</returns>
    public static (int Code, string[] Said, string Output) Scenario(int ranks, string name, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var folder = new TemporaryFolder();
        var variables = new Dictionary<string, string>(environment ?? new Dictionary<string, string>()) { [RankScenarios.FolderVariable] = folder.Path };
        using var run = Start(ranks, Scenario(name), variables);
        var (code, output, error) = run.End();
        return (code, [.. Enumerable.Range(0, ranks).Select(rank => RankScenarios.Said(folder.Path, rank))], output + error);
    }

    /// <summary>Where a program is among those that need no path; null where it is not.</summary>
    public static string? Find(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':')
        .Select(folder => Path.Combine(folder, program))
        .FirstOrDefault(File.Exists);

    /// <summary>The process of a rank, once it has joined the others: the command loads libtorch after that.</summary>
    public int ProcessOf(int rank)
    {
        for (var clock = Stopwatch.StartNew(); clock.Elapsed.TotalSeconds < Patience; Thread.Sleep(50))
        {
            if (Directory.EnumerateDirectories("/proc").Select(Path.GetFileName).Where(name => int.TryParse(name, out _)).Select(int.Parse!)
                .FirstOrDefault(process => IsRank(process, rank)) is > 0 and var found)
            {
                return found;
            }
        }

        throw new InvalidOperationException($"Rank {rank} does not start.");
    }

    /// <summary>The launcher's process.</summary>
    public int Id => _launcher.Id;

    /// <summary>Whether the launcher has ended.</summary>
    public bool HasEnded => _launcher.HasExited;

    /// <summary>Sends a signal to a process.</summary>
    public static void Signal(int process, string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", $"{process}"]);
        kill.WaitForExit();
    }

    /// <summary>Waits for the end; what takes too long is ended and fails the test.</summary>
    public (int Code, string Output, string Error) End(int seconds = Patience)
    {
        if (!_launcher.WaitForExit(TimeSpan.FromSeconds(seconds)))
        {
            _launcher.Kill(entireProcessTree: true);
            Assert.Fail($"The ranks did not end in {seconds} s.\n{_output.Result}\n{_error.Result}");
        }

        _launcher.WaitForExit();
        return (_launcher.ExitCode, _output.Result, _error.Result);
    }

    public void Dispose()
    {
        if (!_launcher.HasExited)
        {
            _launcher.Kill(entireProcessTree: true);
        }

        _launcher.Dispose();
    }

    private bool IsRank(int process, int rank)
    {
        try
        {
            var variables = File.ReadAllText($"/proc/{process}/environ").Split('\0');
            return variables.Contains($"OMPI_COMM_WORLD_RANK={rank}") && IsBelow(process)
                && File.ReadAllText($"/proc/{process}/maps").Contains("libtorch_cpu", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // it has just ended, or is somebody else's
        }
    }

    private bool IsBelow(int process)
    {
        while (process > 1)
        {
            if (process == _launcher.Id)
            {
                return true;
            }

            var status = File.ReadLines($"/proc/{process}/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal));
            process = int.Parse(status["PPid:".Length..], System.Globalization.CultureInfo.InvariantCulture);
        }

        return false;
    }
}
