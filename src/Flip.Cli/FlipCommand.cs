using System.CommandLine;
using Flip.Cli.Commands;
using Flip.Cli.Commands.Bench;
using Flip.Cli.Commands.Caption;
using Flip.Cli.Commands.Data;
using Flip.Cli.Commands.Search;
using Flip.Cli.Commands.Vqa;
using Flip.Cli.Reporting;
using Flip.Collectives;
using Flip.Distributed;
using Flip.Distributed.Launching;
using Flip.Native;

namespace Flip.Cli;

/// <summary>The <c>flip</c> command: parses, runs, and turns every expected failure into one line and an exit code.</summary>
internal static class FlipCommand
{
    private const int LongestMessage = 1 << 14;

    private static readonly Option<bool> Verbose = new("--verbose") { Description = "Show the stack trace of an error.", Recursive = true };

    public static int Run(string[] args)
    {
        LibTorch.PrepareProcess();
        args = LaunchCommand.OfRank(args);
        var ranks = new CommandRanks(LaunchEnvironment.Find());
        using var filter = Consoles.Filter(ranks.IsMuted);
        using var cancel = new CancellationTokenSource();
        using var stop = new StopSignals(ranks, cancel);
        var parsed = Root(ranks).Parse(HomePaths.Expand(args), new ParserConfiguration { ResponseFileTokenReplacer = null }); // '@x' is the name of a file
        var code = Run(parsed, ranks, stop, cancel.Token);
        ranks.Dispose(); // an error is shown by now
        return code == 0 && ranks.HasFailed ? ExitCode.Failed : code;
    }

    private static int Run(ParseResult parsed, CommandRanks ranks, StopSignals stop, CancellationToken cancellation)
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
            return stop.Code;
        }
        catch (Exception e)
        {
            ranks.Show(e, parsed.GetValue(Verbose) ? $"{e}"
                : IsExpected(e) ? Shortened(e.Message)
                : $"internal error, {e.GetType().Name}: {e.Message} (--verbose shows where)");
            return e is CollectiveException { IsLoss: true } ? JobEnd.RanksLost : ExitCode.Failed;
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
        StudyCommand.Create(ranks),
        TrainCommand.Create(ranks),
        TuneCommand.Create(ranks),
        FinetuneCommand.Create(ranks),
        CaptionCommand.Create(ranks),
        VqaCommand.Create(),
        EvalCommand.Create(ranks),
        ProbeCommand.Create(ranks),
        CompareCommand.Create(),
        RankCommand.Create(),
        EmbedCommand.Create(ranks),
        IndexCommand.Create(),
        SearchCommand.Create(),
        ServeCommand.Create(StopSignals.Hold),
        PullCommand.Create(),
        InspectCommand.Create(),
        ConvertCommand.Create(),
        DatasetsCommand.Create(),
        DataCommand.Create(ranks),
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
}
