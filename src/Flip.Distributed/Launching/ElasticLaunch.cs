using Flip.Storage;

namespace Flip.Distributed.Launching;

/// <summary>
/// Keeps a training going: starts it on several machines, and when a rank or a machine is lost starts it again from its newest whole checkpoint on what is
/// left.
/// </summary>
/// <param name="mpirun">Who starts processes.</param>
/// <param name="program">This program: its file, and what comes before its arguments.</param>
/// <param name="output">Receives lines of the job's standard output.</param>
/// <param name="error">Receives lines of its standard error, and what is done.</param>
public sealed class ElasticLaunch(MpirunCommand mpirun, IReadOnlyList<string> program, Action<string> output, Action<string> error)
{
    private const string ConfigFile = ModelFolder.ConfigFile;

    /// <summary>Runs a training to its end.</summary>
    /// <param name="command">The training.</param>
    /// <param name="plan">On what.</param>
    /// <param name="cancellation">Asks the job to stop behind a checkpoint.</param>
    /// <returns>Exit code of the last start; 0 if the training is finished.</returns>
    public int Run(ResumableCommand command, ElasticPlan plan, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(command);
        ArgumentNullException.ThrowIfNull(plan);
        if (plan.WithoutSilent(SilentOf(plan)) is { } problem)
        {
            throw new ConfigException(problem);
        }

        var arguments = command.Arguments;
        while (true)
        {
            error(FormattableString.Invariant($"Starting {plan.Ranks} ranks on {string.Join(", ", plan.Hosts)}."));
            var before = Newest(command.Run);
            var job = new MpirunJob(output, error);
            var (code, failedHost) = job.Run(mpirun.Path, mpirun.Arguments(plan.Hosts, plan.Ranks, [.. program, .. arguments]), cancellation);
            if (code == 0 || cancellation.IsCancellationRequested || code is JobEnd.Interrupted or JobEnd.Terminated)
            {
                return code;
            }

            var end = new JobEnd(code, failedHost, SilentOf(plan), Newest(command.Run) != before);
            if (!end.IsLoss || plan.After(end) is not null and var reason && Refuse(reason))
            {
                return code;
            }

            // One that was lost before it had written what it is begins again.
            arguments = File.Exists(Path.Combine(command.Run, ConfigFile)) ? command.Resuming() : command.Arguments;
            error(FormattableString.Invariant($"Ranks were lost (exit code {code}). The run goes on from its newest checkpoint."));
        }
    }

    private static string? Newest(string run) => CheckpointFolder.Latest(Path.Combine(run, ModelFolder.CheckpointsInRun));

    private IReadOnlyList<string> SilentOf(ElasticPlan plan) => plan.Hosts.Count > 1 ? mpirun.Silent(plan.Hosts) : [];

    private bool Refuse(string reason)
    {
        error($"The run does not start again: {reason}");
        return true;
    }
}
