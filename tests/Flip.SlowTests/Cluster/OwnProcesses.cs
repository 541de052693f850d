using System.Diagnostics;
using System.Globalization;
using System.Text;

namespace Flip.SlowTests.Cluster;

/// <summary>Daemons and commands of a test. Each ends with it, by its own number.</summary>
internal sealed class OwnProcesses : IDisposable
{
    private static readonly string[] Folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin"];

    private readonly Stack<(Process Process, StringBuilder Said)> _daemons = new();

    /// <summary>Environment variables of all of them.</summary>
    public Dictionary<string, string> Variables { get; } = [];

    /// <summary>A program's file; skips the test where it is missing.</summary>
    /// <param name="name">Its name.</param>
    /// <param name="package">Where Debian has it.</param>
    public static string Needed(string name, string package)
    {
        var path = (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Concat(Folders).Select(folder => Path.Combine(folder, name)).FirstOrDefault(File.Exists);
        Assert.SkipUnless(path is not null, $"needs {name}: Debian has it in {package}");
        return path!;
    }

    /// <summary>Who may do what with a file.</summary>
    public static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }

    /// <summary>Skips the test of a user who may not start daemons or make networks.</summary>
    public static void NeedRoot()
    {
        Assert.SkipUnless(Environment.GetEnvironmentVariable(Wanted) == "1", $"takes minutes of a quiet machine: {Wanted}=1 runs it");
        Assert.SkipUnless(OperatingSystem.IsLinux() && Environment.UserName == "root", "needs Linux and root");
    }

    /// <summary>Environment variable that runs the tests of whole clusters.</summary>
    public const string Wanted = "FLIP_TEST_CLUSTER";

    /// <summary>Starts what runs until the end of the test.</summary>
    public void Start(params string[] line)
    {
        var said = new StringBuilder();
        var process = Begin(line);
        process.OutputDataReceived += (_, text) => Add(text.Data);
        process.ErrorDataReceived += (_, text) => Add(text.Data);
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _daemons.Push((process, said));

        void Add(string? text)
        {
            lock (said)
            {
                said.AppendLine(text);
            }
        }
    }

    /// <summary>What the daemons said, for the message of a test that fails.</summary>
    public string Said()
    {
        return string.Join("\n---\n", _daemons.Select(daemon =>
        {
            lock (daemon.Said)
            {
                return daemon.Said.ToString();
            }
        }));
    }

    /// <summary>Runs a command to its end; what takes too long fails the test.</summary>
    public (int Code, string Output, string Error) Run(int seconds, params string[] line)
    {
        using var process = Begin(line);
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        if (!process.WaitForExit(TimeSpan.FromSeconds(seconds)))
        {
            process.Kill(entireProcessTree: true);
            Assert.Fail($"{string.Join(' ', line)} did not end in {seconds} s.\n{output.Result}\n{error.Result}\n{Said()}");
        }

        process.WaitForExit();
        return (process.ExitCode, output.Result, error.Result);
    }

    /// <summary>Runs what must succeed, and gives what it printed.</summary>
    public string Output(int seconds, params string[] line)
    {
        var (code, output, error) = Run(seconds, line);
        Assert.True(code == 0, $"{string.Join(' ', line)}: {code}\n{output}\n{error}\n{Said()}");
        return output;
    }

    /// <summary>Waits until something is so.</summary>
    public void Await(string what, int seconds, Func<bool> isSo, Func<string>? details = null)
    {
        for (var clock = Stopwatch.StartNew(); !isSo(); Thread.Sleep(200))
        {
            Assert.True(clock.Elapsed.TotalSeconds < seconds, $"{what}: not after {seconds} s.\n{details?.Invoke()}\n{Said()}");
        }
    }

    public void Dispose()
    {
        foreach (var (process, _) in _daemons)
        {
            if (!process.HasExited)
            {
                using var kill = Process.Start("kill", process.Id.ToString(CultureInfo.InvariantCulture));
                kill.WaitForExit();
            }

            if (!process.WaitForExit(TimeSpan.FromSeconds(10)))
            {
                process.Kill(entireProcessTree: true);
            }

            process.Dispose();
        }
    }

    private Process Begin(string[] line)
    {
        var start = new ProcessStartInfo(line[0], line[1..]) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var (name, value) in Variables)
        {
            start.Environment[name] = value;
        }

        var process = Process.Start(start)!;
        process.StandardInput.Close();
        return process;
    }
}
