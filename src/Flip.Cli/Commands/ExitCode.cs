namespace Flip.Cli.Commands;

/// <summary>How the <c>flip</c> command ends, where it does not end well.</summary>
internal static class ExitCode
{
    /// <summary>A failure.</summary>
    public const int Failed = 1;

    /// <summary>Stopped by Ctrl-C, as shells have it for SIGINT. A training has written a checkpoint.</summary>
    public const int Stopped = 130;

    /// <summary>Stopped by the system, by SIGTERM or, as Slurm before a time limit, by SIGUSR1. A training has written a checkpoint.</summary>
    public const int Terminated = 143;
}
