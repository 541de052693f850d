namespace Flip.Distributed.Launching;

/// <summary>A training as the command line has it: what starts it, and what goes on with it.</summary>
/// <param name="Arguments">The command and its options.</param>
/// <param name="Run">Folder of its run.</param>
public sealed record ResumableCommand(IReadOnlyList<string> Arguments, string Run)
{
    private const string RunOption = "--run";
    private const string ResumeOption = "--resume";

    /// <summary>Options that belong to the output or to the reading and not to what a run began with.</summary>
    private static readonly string[] Kept = ["--json", "--allow-outside", "--verbose"];

    /// <summary>Reads a command; one that names no folder for its run gets one, so that it can be found again.</summary>
    /// <param name="arguments">The command and its options.</param>
    /// <param name="defaultRun">Makes a folder's name for a command.</param>
    /// <exception cref="ConfigException">It is no training.</exception>
    public static ResumableCommand Parse(IReadOnlyList<string> arguments, Func<string, string> defaultRun)
    {
        ArgumentNullException.ThrowIfNull(arguments);
        ArgumentNullException.ThrowIfNull(defaultRun);
        if (arguments is not [("train" or "tune" or "finetune") and var command, ..])
        {
            throw new ConfigException(
                $"flip launch starts a training and goes on with it after a loss: -- train ..., tune or finetune. Start other commands with mpirun itself, not '{string.Join(' ', arguments.Take(1))}'.");
        }

        var named = Value(arguments, RunOption) ?? Value(arguments, ResumeOption);
        return named is null ? WithRun(arguments, defaultRun(command)) : new ResumableCommand(arguments, named);
    }

    /// <summary>What goes on with the run.</summary>
    public IReadOnlyList<string> Resuming() =>
        [Arguments[0] == "finetune" ? "finetune" : "train", ResumeOption, Run, .. Arguments.Where(argument => Kept.Contains(argument))];

    private static ResumableCommand WithRun(IReadOnlyList<string> arguments, string run) => new([.. arguments, RunOption, run], run);

    private static string? Value(IReadOnlyList<string> arguments, string option)
    {
        for (var i = 0; i < arguments.Count; i++)
        {
            if (arguments[i] == option && i + 1 < arguments.Count)
            {
                return arguments[i + 1];
            }

            if (arguments[i].StartsWith(option + "=", StringComparison.Ordinal))
            {
                return arguments[i][(option.Length + 1)..];
            }
        }

        return null;
    }
}
