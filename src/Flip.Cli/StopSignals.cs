using System.Runtime.InteropServices;
using Flip.Cli.Commands;
using Flip.Io;

namespace Flip.Cli;

/// <summary>
/// Signals that ask a command to end: Ctrl-C, SIGTERM, and SIGUSR1, which Slurm sends before a time limit where a job asks for it. What holds a folder, a
/// run or an unfinished embedding, writes its checkpoint first, however long that takes. A second Ctrl-C ends the process at once; other signals that follow
/// change nothing, since schedulers repeat them.
/// </summary>
internal sealed class StopSignals : IDisposable
{
    private const int User1OnLinux = 10;
    private const int User1OnMac = 30;

    /// <summary>How long a command that has nothing to save may take to end once it was asked to.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static int _holders;

    private readonly CommandRanks _ranks;
    private readonly CancellationTokenSource _cancel;
    private readonly List<PosixSignalRegistration> _registrations;

    /// <param name="ranks">The processes that end together.</param>
    /// <param name="cancel">Cancelled by the first signal.</param>
    public StopSignals(CommandRanks ranks, CancellationTokenSource cancel)
    {
        (_ranks, _cancel) = (ranks, cancel);
        Code = ranks.Launch is null ? ExitCode.Stopped : ExitCode.Terminated; // a rank may stop because another one was asked
        List<PosixSignal> signals = [PosixSignal.SIGINT, PosixSignal.SIGTERM];
        if (!OperatingSystem.IsWindows())
        {
            signals.Add((PosixSignal)(OperatingSystem.IsMacOS() ? User1OnMac : User1OnLinux));
        }

        _registrations = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, Stop))];
    }

    /// <summary>Exit code of a command that was stopped: by whom it was asked first.</summary>
    public int Code { get; private set; }

    /// <summary>Lets a command take its own time to end, as a server that finishes its requests within a limit of its own.</summary>
    /// <returns>Ends that.</returns>
    public static IDisposable Hold() => new Holder();

    /// <inheritdoc/>
    public void Dispose() => _registrations.ForEach(registration => registration.Dispose());

    private void Stop(PosixSignalContext context)
    {
        var isKey = context.Signal == PosixSignal.SIGINT;
        if (_cancel.IsCancellationRequested)
        {
            context.Cancel = !isKey;
            return;
        }

        context.Cancel = true;
        Code = isKey ? ExitCode.Stopped : ExitCode.Terminated;
        var isHeld = Volatile.Read(ref _holders) > 0;
        Console.Error.WriteLine(isHeld ? "Stopping: what has come is finished first; press Ctrl-C again to end at once." : "Stopping; press Ctrl-C again to end at once, without saving.");
        _cancel.Cancel();
        _ranks.Hurry();
        new Thread(EndIfNothingIsHeld) { IsBackground = true }.Start();
    }

    private void EndIfNothingIsHeld()
    {
        Thread.Sleep(Patience);
        if (!FolderLock.IsAnyHeld && Volatile.Read(ref _holders) == 0 && _ranks.All.World == 1) // ranks end together
        {
            Environment.Exit(Code);
        }
    }

    private sealed class Holder : IDisposable
    {
        private int _isHeld = 1;

        public Holder() => Interlocked.Increment(ref _holders);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _isHeld, 0) == 1)
            {
                Interlocked.Decrement(ref _holders);
            }
        }
    }
}
