namespace Flip.Training;

/// <summary>When a training writes checkpoints: at multiples of a number of samples, and when some time has passed since the last one.</summary>
/// <param name="every">Samples.</param>
/// <param name="period">Time since the last checkpoint, or since the start; null for no such time.</param>
/// <param name="time">Clock.</param>
internal sealed class CheckpointSchedule(long every, TimeSpan? period, TimeProvider time)
{
    private long _last = time.GetTimestamp();

    /// <summary>The schedule of a training.</summary>
    /// <param name="plan">Its lengths.</param>
    /// <param name="minutes">Minutes between checkpoints; 0 for no such time.</param>
    /// <param name="time">Clock; null for the system's.</param>
    public static CheckpointSchedule Of(TrainingPlan plan, double minutes, TimeProvider? time = null) =>
        new(plan.CheckpointEvery, minutes > 0 ? TimeSpan.FromMinutes(minutes) : null, time ?? TimeProvider.System);

    /// <summary>Whether a checkpoint is due after a step.</summary>
    /// <param name="before">Samples seen before the step.</param>
    /// <param name="after">Samples seen after it.</param>
    public bool IsDue(long before, long after) =>
        TrainingPlan.Passes(before, after, every) || (period is { } most && time.GetElapsedTime(_last) >= most);

    /// <summary>A checkpoint was made: its time begins again.</summary>
    public void Restart() => _last = time.GetTimestamp();
}
