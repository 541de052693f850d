using System.CommandLine;
using Flip.Cli.Reporting;
using Flip.Collectives;
using Flip.Distributed;

namespace Flip.Cli.Commands;

/// <summary>
/// The processes that a launcher has started for this command. A command that can share its work says so with <see cref="Share"/>, and finds the others in
/// <see cref="All"/> when it runs; any other is refused, since its copies would write the same files.
/// </summary>
/// <param name="launch">What the launcher says; null without one.</param>
internal sealed class CommandRanks(LaunchEnvironment? launch) : IDisposable
{
    /// <summary>How long the others wait for rank 0's words before they end: a launcher ends all once one does.</summary>
    private static readonly TimeSpan Courtesy = TimeSpan.FromSeconds(1);

    private readonly List<Command> _sharing = [];
    private readonly List<Command> _dividing = [];
    private bool _isDivided;

    /// <summary>What the launcher says; null without one.</summary>
    public LaunchEnvironment? Launch => launch is { IsAlone: true } ? null : launch;

    /// <summary>All ranks while a command runs that shares its work; a single process else.</summary>
    public ICommunicator All { get; private set; } = OneProcess.Instance;

    /// <summary>True where rank 0 speaks for this process.</summary>
    public bool IsMuted => Launch is { Rank: > 0 };

    /// <summary>True once a rank cannot go on.</summary>
    public bool HasFailed => All is RankCommunicator { Mpi.HasFailed: true };

    /// <summary>This process was asked to end: a rank that has died is not waited for.</summary>
    public void Hurry() => (All as RankCommunicator)?.Mpi.Hurry();

    /// <summary>Lets a command run on several ranks.</summary>
    public void Share(Command command) => _sharing.Add(command);

    /// <summary>Lets a command run on several ranks that exchange nothing: each does its part by its number, and shows its own errors.</summary>
    public void Divide(Command command) => _dividing.Add(command);

    /// <summary>Joins the other ranks.</summary>
    /// <returns>Null where the command is to run; the exit code where this process has no part in it.</returns>
    public int? Join(ParseResult parsed)
    {
        var command = parsed.CommandResult.Command;
        if (Launch is null)
        {
            return null;
        }

        if (parsed.Errors.Count > 0 || parsed.Action != command.Action)
        {
            return IsMuted ? Leave(parsed.Errors.Count > 0 ? ExitCode.Failed : 0) : null; // help and the like are said once
        }

        if (_dividing.Contains(command))
        {
            _isDivided = true;
            return null;
        }

        if (_sharing.Contains(command))
        {
            All = Ranks.Join(launch);
            return null;
        }

        if (Launch is { World: null, Rank: 0 })
        {
            return null;
        }

        Console.Error.WriteLine(
            $"flip: '{Path(parsed)}' works in one process, and {Launch.World?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "several"} were started. Start it alone; "
            + $"those that share their work are {string.Join(", ", _sharing.Concat(_dividing).Select(one => $"'{Path(one)}'"))}.");
        return Leave(ExitCode.Failed);
    }

    /// <summary>Tells the other ranks of an error, and shows it, unless a rank before this one shows the same.</summary>
    /// <param name="error">The error.</param>
    /// <param name="text">What is shown, one line; behind "flip: ".</param>
    public void Show(Exception error, string text)
    {
        if (error is RankFailedException)
        {
            return; // that rank has shown why
        }

        if (All is not RankCommunicator ranks)
        {
            ShowAlone(text);
            return;
        }

        var place = $"rank {ranks.Rank} on {ranks.Places[ranks.Rank].Host}";
        if (ranks.Mpi.FailFirst(text, Courtesy))
        {
            Consoles.OwnError.WriteLine(text.StartsWith(place, StringComparison.OrdinalIgnoreCase) ? $"flip: {text}" : $"flip: {place}: {text}");
        }
    }

    /// <summary>Ends the work of all ranks; after a failure once each has done what it still can.</summary>
    public void Dispose() => All.Dispose();

    /// <summary>Shows an error of a process that has not joined the others: of those of a machine the first one.</summary>
    private void ShowAlone(string text)
    {
        if (_isDivided || Launch is not { LocalRank: > 0 })
        {
            Consoles.OwnError.WriteLine(Launch is null ? $"flip: {text}" : $"flip: rank {Launch.Rank} on {Environment.MachineName}: {text}");
        }

        _ = Leave(ExitCode.Failed);
    }

    private int Leave(int code)
    {
        if (IsMuted)
        {
            Thread.Sleep(Courtesy);
        }

        return code;
    }

    private static string Path(ParseResult parsed) => Path(parsed.CommandResult.Command);

    private static string Path(Command command) => string.Join(' ', Names(command).Reverse());

    private static IEnumerable<string> Names(Command? command)
    {
        for (; command is not null; command = command.Parents.OfType<Command>().FirstOrDefault())
        {
            yield return command.Name;
        }
    }
}
