using Flip.Storage;

namespace Flip.Training;

/// <summary>Which checkpoints stay besides the newest. It depends on their samples alone, so it is the same wherever a run was stopped.</summary>
/// <param name="Every">Samples; the first checkpoint beyond each multiple is kept for good. Null keeps none so.</param>
/// <param name="RestoreEvery">Samples between checkpoints that a spike may go back to, of which the newest stays; null for none.</param>
/// <param name="BatchSize">Samples of a step.</param>
public sealed record CheckpointKeeping(long? Every = null, long? RestoreEvery = null, int BatchSize = 0)
{
    /// <summary>What a training keeps.</summary>
    /// <param name="plan">Its lengths.</param>
    /// <param name="goesBack">Whether it may go back to a checkpoint.</param>
    public static CheckpointKeeping Of(TrainingPlan plan, bool goesBack)
    {
        ArgumentNullException.ThrowIfNull(plan);
        return new(plan.KeepEvery, goesBack ? plan.CheckpointEvery : null, plan.BatchSize);
    }

    /// <summary>
    /// Whether a spike may go back to a checkpoint: those that come by samples. When others come, by minutes or at a stop, is chance, and a run that went back
    /// to them would be another one.
    /// </summary>
    /// <param name="samples">Samples seen before it.</param>
    public bool IsRestorePoint(long samples) => RestoreEvery is { } every && TrainingPlan.Passes(samples - BatchSize, samples, every);

    /// <summary>Checkpoints that go.</summary>
    /// <param name="all">All, the oldest first.</param>
    /// <param name="newest">How many of the newest stay; 0 keeps all.</param>
    internal IEnumerable<string> Removed(IReadOnlyList<string> all, int newest)
    {
        var (before, stay) = (0L, new HashSet<string>(StringComparer.Ordinal));
        foreach (var checkpoint in all)
        {
            var samples = CheckpointFolder.SamplesOf(checkpoint);
            if (Every is { } every && TrainingPlan.Passes(before, samples, every))
            {
                stay.Add(checkpoint);
            }

            before = samples;
        }

        if (all.LastOrDefault(checkpoint => IsRestorePoint(CheckpointFolder.SamplesOf(checkpoint))) is { } restore)
        {
            stay.Add(restore);
        }

        return newest > 0 ? all.SkipLast(newest).Where(old => !stay.Contains(old)) : [];
    }
}
