using Flip.Evaluation.Metrics;

namespace Flip.Tasks.Benchmarking;

/// <summary>The time of a training step of one of several settings that were measured in turns.</summary>
/// <param name="BatchSize">Pairs of a step.</param>
/// <param name="MicroBatch">Pairs computed at a time; 0 for all.</param>
/// <param name="Seconds">A step, the median of all rounds.</param>
/// <param name="BestSeconds">The quickest step.</param>
/// <param name="SecondsPerPair">The median over the pairs of a step.</param>
/// <param name="FlopsPerPair">Operations of a pair's forward and backward pass by <see cref="Config.ModelCost"/>, the decoder's too; of texts what is computed.</param>
/// <param name="RelativeTime">Time of a pair over that of the first setting: the median of the rounds' own ratios, so that a slow spell of the machine cancels.</param>
/// <param name="RelativeTimeInterval">Its 95 % interval by a bootstrap over the rounds; null for the first setting and for fewer than three rounds.</param>
/// <param name="RelativeFlops">Operations of a pair over those of the first setting.</param>
/// <param name="Rounds">Steps measured.</param>
/// <param name="Group">The group that it was measured in, from 0. Settings whose models do not fit in memory together are in several groups, each with the
/// first setting, which is of group 0 and whose rounds are those of all groups.</param>
public sealed record StepTime(
    int BatchSize,
    int MicroBatch,
    double Seconds,
    double BestSeconds,
    double SecondsPerPair,
    double FlopsPerPair,
    double RelativeTime,
    ConfidenceInterval? RelativeTimeInterval,
    double RelativeFlops,
    int Rounds,
    int Group);
