using System.CommandLine;
using System.Runtime.InteropServices;
using Flip.Cli.Commands;
using Flip.Cli.Reporting;
using Flip.Io;
using Flip.Native;

namespace Flip.Cli;

/// <summary>The <c>flip</c> command: parses, runs, and turns every expected failure into one line and an exit code.</summary>
internal static class FlipCommand
{
    /// <summary>Exit code of a failure.</summary>
    public const int Failed = 1;

    /// <summary>Exit code of a run that was stopped by the user, as shells have it for SIGINT.</summary>
    public const int Stopped = 130;

    private const int LongestMessage = 1 << 14;

    /// <summary>How long a command that has nothing to save may take to end once it was asked to.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Show the stack trace of an error.", Recursive = true };

    public static int Run(string[] args)
    {
        LibTorch.PrepareProcess();
        using var filter = Consoles.Filter();
        using var cancel = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, cancel));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, cancel));
        var parsed = Root().Parse(HomePaths.Expand(args), new ParserConfiguration { ResponseFileTokenReplacer = null }); // '@x' is the name of a file
        try
        {
            // Signals are ours: what holds a folder, a run or an unfinished embedding, writes its checkpoint before it ends, however long that takes.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return parsed.InvokeAsync(configuration, cancel.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped.");
            return Stopped;
        }
        catch (Exception e)
        {
            Console.Error.WriteLine(parsed.GetValue(Verbose) ? $"flip: {e}"
                : IsExpected(e) ? $"flip: {Shortened(e.Message)}"
                : $"flip: internal error, {e.GetType().Name}: {e.Message} (--verbose shows where)");
            return Failed;
        }
    }

    /// <summary>The whole command tree.</summary>
    public static RootCommand Root() => new("FLIP: fast language-image pre-training by masking. Trains, tunes and evaluates CLIP models.")
    {
        Verbose,
        QuickstartCommand.Create(),
        TrainCommand.Create(),
        TuneCommand.Create(),
        FinetuneCommand.Create(),
        EvalCommand.Create(),
        ProbeCommand.Create(),
        CompareCommand.Create(),
        RankCommand.Create(),
        EmbedCommand.Create(),
        PullCommand.Create(),
        InspectCommand.Create(),
        ConvertCommand.Create(),
        DatasetsCommand.Create(),
        BenchCommand.Create(),
        DoctorCommand.Create(),
        ConfigCommand.Create(),
        CompletionCommand.Create(),
    };

    /// <summary>Failures whose message is written for the user, and those of the system. Of arithmetic ones that is an evaluation's of embeddings that are not
    /// finite; the runtime's own are of derived types, and defects.</summary>
    internal static bool IsExpected(Exception e) => e is FlipException or IOException or UnauthorizedAccessException or InvalidDataException
        || e.GetType() == typeof(ArithmeticException);

    /// <summary>A message quotes files, which may be a stranger's and long: of a very long one the beginning and the end.</summary>
    internal static string Shortened(string message) =>
        message.Length <= LongestMessage ? message : $"{message[..(LongestMessage / 2)]} ... {message[^(LongestMessage / 2)..]}";

    private static void Stop(PosixSignalContext context, CancellationTokenSource cancel)
    {
        if (!cancel.IsCancellationRequested)
        {
            context.Cancel = true; // a second signal ends the process at once
            Console.Error.WriteLine("Stopping; press Ctrl-C again to end at once, without saving.");
            cancel.Cancel();
            new Thread(EndIfNothingIsHeld) { IsBackground = true }.Start();
        }
    }

    private static void EndIfNothingIsHeld()
    {
        Thread.Sleep(Patience);
        if (!FolderLock.IsAnyHeld)
        {
            Environment.Exit(Stopped);
        }
    }
}
