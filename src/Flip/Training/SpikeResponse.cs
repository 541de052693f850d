using System.Text;
using Flip.Collectives;
using Flip.Config;

namespace Flip.Training;

/// <summary>What a training does about spikes: judges each step, and goes back to a checkpoint where that is wanted. All ranks do the same.</summary>
/// <param name="guard">Judges steps; null where no spikes are looked for.</param>
/// <param name="plan">Lengths of the training.</param>
/// <param name="checkpoints">Its checkpoints.</param>
/// <param name="whole">Its tensors.</param>
/// <param name="ranks">Who shares it.</param>
internal sealed class SpikeResponse(SpikeGuard? guard, TrainingPlan plan, TrainingCheckpoints checkpoints, WholeState whole, ICommunicator ranks)
{
    /// <summary>Judges a step before its update.</summary>
    /// <param name="state">Before the step.</param>
    /// <param name="loss">Its loss.</param>
    /// <param name="norm">Norm of its gradient, before clipping.</param>
    /// <returns>The spike, or null, and what the training remembers behind the step.</returns>
    /// <exception cref="NonFiniteLossException">A number is not finite, and no spikes are left out.</exception>
    /// <exception cref="SpikeLimitException">Too many in a row.</exception>
    public (Spike? Spike, SpikeHistory? History) Judge(TrainState state, double loss, double norm)
    {
        if (guard is null or { Action: SpikeAction.Log } && !(double.IsFinite(loss) && double.IsFinite(norm)))
        {
            throw checkpoints.NotFinite(state, NonFiniteLossException.Step(loss, norm));
        }

        return guard is null
            ? (null, state.Spikes)
            : guard.Judge(state.Spikes ?? SpikeHistory.Start, state.Samples + plan.BatchSize, loss, norm, isWarm: state.Samples >= plan.LearningRate.WarmupSamples);
    }

    /// <summary>What is done about a spike; before the first checkpoint there is nothing to go back to, and its update is left out.</summary>
    /// <param name="state">Before the step.</param>
    /// <param name="history">What the training remembers behind it.</param>
    /// <returns>What is done, what the training remembers then, and the state that it has gone back to, or null.</returns>
    /// <exception cref="IOException">The last checkpoint could not be written.</exception>
    public (SpikeAction Action, SpikeHistory History, TrainState? Restored) Act(TrainState state, SpikeHistory history)
    {
        if (guard!.Action == SpikeAction.Rollback && GoBack() is { } restored)
        {
            var skipped = history.SkippedSamples + state.Samples + plan.BatchSize - restored.Samples;
            var then = (restored.Spikes ?? SpikeHistory.Start) with { SkippedSamples = skipped, InRow = history.InRow, Furthest = history.Furthest };
            return (SpikeAction.Rollback, then, restored with { Spikes = then });
        }

        return guard.Action == SpikeAction.Log
            ? (SpikeAction.Log, history, null)
            : (SpikeAction.Skip, history with { SkippedSteps = history.SkippedSteps + 1 }, null);
    }

    private TrainState? GoBack()
    {
        var checkpoint = ranks.Rank == 0 ? checkpoints.RestorePoint() : null;
        var agreed = ranks.World == 1 ? checkpoint : Encoding.UTF8.GetString(ranks.Broadcast(Encoding.UTF8.GetBytes(checkpoint ?? "")));
        if (string.IsNullOrEmpty(agreed))
        {
            return null;
        }

        var state = whole.Load(checkpoint);
        if (ranks.Rank == 0)
        {
            checkpoints.RemoveAfter(state.Samples);
        }

        return state;
    }
}
