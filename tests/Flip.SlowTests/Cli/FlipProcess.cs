using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Flip.SlowTests.Cli;

/// <summary>The command in a process of its own, which a test watches, signals and kills. Needs Linux.</summary>
internal sealed partial class FlipProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    private readonly Process _process;
    private readonly Task<string> _output;
    private readonly Task<string> _error;

    public FlipProcess(params string[] args)
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: processes are signalled by its numbers");
        var start = new ProcessStartInfo(Path.Combine(AppContext.BaseDirectory, "flip"), args)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["DOTNET_TieredPGO"] = "0"; // starts a little faster
        _process = Process.Start(start)!;
        _process.StandardInput.Close();
        (_output, _error) = (_process.StandardOutput.ReadToEndAsync(), _process.StandardError.ReadToEndAsync());
    }

    /// <summary>The signals of Linux that the tests send.</summary>
    public enum Signal
    {
        Interrupt = 2,
        User1 = 10,
        Terminate = 15,
    }

    public int Id => _process.Id;

    public bool HasEnded => _process.HasExited;

    /// <summary>Sends a signal; a shell that starts something in its background lets it ignore Ctrl-C, and what it starts inherits that.</summary>
    public void Send(Signal signal)
    {
        Assert.SkipWhen(Ignores(signal), $"this process was started to ignore {signal}");
        Assert.Equal(0, Kill(_process.Id, (int)signal));
    }

    /// <summary>Ends it at once, as <c>kill -9</c> does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits until something is so, or the process has ended.</summary>
    /// <returns>Whether it is so.</returns>
    public bool WaitFor(Func<bool> condition)
    {
        var clock = Stopwatch.StartNew();
        while (!condition())
        {
            if (_process.HasExited)
            {
                return condition();
            }

            Assert.True(clock.Elapsed < Patience, "what was waited for does not come");
            Thread.Sleep(1);
        }

        return true;
    }

    /// <summary>Waits for its end.</summary>
    public (int Code, string Output, string Error) End()
    {
        Assert.True(_process.WaitForExit(Patience), "the process does not end");
        _process.WaitForExit(); // until both streams have ended
        return (_process.ExitCode, _output.Result, _error.Result);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill();
        }

        _process.Dispose();
    }

    private bool Ignores(Signal signal)
    {
        var mask = File.ReadLines($"/proc/{_process.Id}/status").First(line => line.StartsWith("SigIgn:", StringComparison.Ordinal))["SigIgn:".Length..].Trim();
        return ((ulong.Parse(mask, System.Globalization.NumberStyles.HexNumber, System.Globalization.CultureInfo.InvariantCulture) >> ((int)signal - 1)) & 1) == 1;
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int process, int signal);
}
