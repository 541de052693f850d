namespace Flip.Distributed.Launching;

/// <summary>
/// On what a job starts again when a part of its machines is lost. The batch, the order of samples and the schedule stay; each rank that is left
/// computes more. So a loss changes the speed of a run, not the run.
/// </summary>
public sealed class ElasticPlan
{
    private const int MostPatience = 1_000_000;

    private readonly int _wanted;
    private readonly int _least;
    private readonly int _patience;
    private List<HostSlots> _hosts;
    private int _fruitless;

    /// <param name="hosts">The machines.</param>
    /// <param name="ranks">Ranks wanted.</param>
    /// <param name="least">Ranks below which the job ends.</param>
    /// <param name="patience">Starts in a row that may bring no new checkpoint.</param>
    /// <exception cref="ConfigException">Numbers that make no job.</exception>
    public ElasticPlan(IReadOnlyList<HostSlots> hosts, int ranks, int least, int patience)
    {
        if (least < 1 || least > ranks)
        {
            throw new ConfigException(FormattableString.Invariant($"--min-ranks {least}: must be from 1 to the {ranks} of -n."));
        }

        if (patience is < 0 or > MostPatience)
        {
            throw new ConfigException(FormattableString.Invariant($"--max-restarts {patience}: must be from 0 to {MostPatience}."));
        }

        (_hosts, _wanted, _least, _patience) = ([.. hosts], ranks, least, patience);
    }

    /// <summary>The machines that are left.</summary>
    public IReadOnlyList<HostSlots> Hosts => _hosts;

    /// <summary>Ranks of the next start.</summary>
    public int Ranks => Math.Min(_wanted, _hosts.Sum(host => host.Slots));

    /// <summary>Takes out machines that do not answer.</summary>
    /// <returns>Why the job cannot start; null where it can.</returns>
    public string? WithoutSilent(IReadOnlyList<string> silent)
    {
        _hosts = [.. _hosts.Where(host => !silent.Contains(host.Host))];
        return Ranks >= _least
            ? null
            : FormattableString.Invariant($"{string.Join(", ", silent)} cannot be reached, and on what is left there is room for {Ranks} ranks: fewer than the {_least} of --min-ranks.");
    }

    /// <summary>Decides what comes after a job that lost ranks.</summary>
    /// <param name="end">How it ended.</param>
    /// <returns>Why the job does not start again; null where it does, on <see cref="Hosts"/>.</returns>
    public string? After(JobEnd end)
    {
        ArgumentNullException.ThrowIfNull(end);
        if (WithoutSilent(end.Silent) is { } problem)
        {
            return problem;
        }

        // A process that was killed once starts again where it was. One that fails again before it has brought anything is left out.
        _fruitless = end.Progressed ? 0 : _fruitless + 1;
        if (_fruitless > _patience)
        {
            return FormattableString.Invariant($"{_fruitless} starts in a row brought no new checkpoint.");
        }

        if (_fruitless > 1 && end.FailedHost is { } failed && end.Silent.Count == 0)
        {
            _hosts = [.. _hosts.Select(host => host.Host == failed || _hosts.Count == 1 ? host with { Slots = host.Slots - 1 } : host).Where(host => host.Slots > 0)];
            if (Ranks < _least)
            {
                return FormattableString.Invariant($"A rank on {failed} fails again and again, and without it there are {Ranks}: fewer than the {_least} of --min-ranks.");
            }
        }

        return null;
    }
}
