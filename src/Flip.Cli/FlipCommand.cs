using System.CommandLine;
using System.Runtime.InteropServices;
using Flip.Cli.Commands;
using Flip.Cli.Reporting;
using Flip.Distributed;
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
        var ranks = new CommandRanks(LaunchEnvironment.Find());
        using var filter = Consoles.Filter(ranks.IsMuted);
        using var cancel = new CancellationTokenSource();
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, ranks, cancel));
        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, ranks, cancel));
        var parsed = Root(ranks).Parse(HomePaths.Expand(args), new ParserConfiguration { ResponseFileTokenReplacer = null }); // '@x' is the name of a file
        var code = Run(parsed, ranks, cancel.Token);
        ranks.Dispose(); // an error is shown by now
        return code == 0 && ranks.HasFailed ? Failed : code;
    }

    private static int Run(ParseResult parsed, CommandRanks ranks, CancellationToken cancellation)
    {
        try
        {
            if (ranks.Join(parsed) is { } code)
            {
                return code;
            }

            // Signals are ours: what holds a folder, a run or an unfinished embedding, writes its checkpoint before it ends, however long that takes.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
            return parsed.InvokeAsync(configuration, cancellation).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("Stopped.");
            ranks.All.Fail("stopped");
            return Stopped;
        }
        catch (Exception e)
        {
            ranks.Show(e, parsed.GetValue(Verbose) ? $"{e}"
                : IsExpected(e) ? Shortened(e.Message)
                : $"internal error, {e.GetType().Name}: {e.Message} (--verbose shows where)");
            return Failed;
        }
    }

    /// <summary>The whole command tree of a single process.</summary>
    public static RootCommand Root() => Root(new CommandRanks(null));

    /// <summary>The whole command tree.</summary>
    /// <param name="ranks">The processes that commands can share their work with.</param>
    public static RootCommand Root(CommandRanks ranks) => new("FLIP: fast language-image pre-training by masking. Trains, tunes and evaluates CLIP models.")
    {
        Verbose,
        QuickstartCommand.Create(),
        TrainCommand.Create(ranks),
        TuneCommand.Create(ranks),
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
        BenchCommand.Create(ranks),
        DoctorCommand.Create(ranks),
        LaunchCommand.Create(),
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

    private static void Stop(PosixSignalContext context, CommandRanks ranks, CancellationTokenSource cancel)
    {
        if (!cancel.IsCancellationRequested)
        {
            context.Cancel = true; // a second signal ends the process at once
            Console.Error.WriteLine("Stopping; press Ctrl-C again to end at once, without saving.");
            cancel.Cancel();
            new Thread(() => EndIfNothingIsHeld(ranks)) { IsBackground = true }.Start();
        }
    }

    private static void EndIfNothingIsHeld(CommandRanks ranks)
    {
        Thread.Sleep(Patience);
        if (!FolderLock.IsAnyHeld && ranks.All.World == 1) // ranks end together
        {
            Environment.Exit(Stopped);
        }
    }
}
