using Flip.Collectives;
using Flip.Config;

namespace Flip.Training;

/// <summary>The checkpoints of a running training: when they come, and that only good ones are kept. For the training's thread.</summary>
internal sealed class TrainingCheckpoints : IDisposable
{
    private readonly CheckpointStore? _store;
    private readonly CheckpointWriter? _writer;
    private readonly CheckpointSchedule _schedule;
    private readonly WholeState _whole;
    private readonly ICommunicator _ranks;
    private readonly ITrainingObserver _observer;
    private readonly CheckpointKeeping _keeping;

    /// <param name="trainee">What is trained.</param>
    /// <param name="plan">Its lengths.</param>
    /// <param name="store">Where checkpoints go; used on rank 0 alone, and null where none are written.</param>
    /// <param name="observer">Hears of them.</param>
    /// <param name="whole">The training's tensors.</param>
    /// <param name="ranks">Who shares the training.</param>
    public TrainingCheckpoints(
        ITrainee trainee, TrainingPlan plan, CheckpointStore? store, ITrainingObserver observer, WholeState whole, ICommunicator ranks)
    {
        store = ranks.Rank == 0 ? store : null;
        (_store, _whole, _ranks, _observer) = (store, whole, ranks, observer);
        _keeping = CheckpointKeeping.Of(plan, trainee.Settings is { SpikeFactor: > 0, SpikeAction: SpikeAction.Rollback });
        _writer = store is null ? null : new CheckpointWriter(snapshot => store.Save(snapshot, _keeping), observer, trainee.Parameters, whole.HasAverage);
        _schedule = CheckpointSchedule.Of(plan, trainee.Settings.CheckpointMinutes);
    }

    /// <summary>Whether one is due after a step.</summary>
    /// <param name="before">Samples seen before the step.</param>
    /// <param name="after">Samples seen after it.</param>
    public bool IsDue(long before, long after) => _schedule.IsDue(before, after);

    /// <summary>Copies the training and begins to write it.</summary>
    /// <exception cref="NonFiniteLossException">The last update has spoilt the weights.</exception>
    /// <exception cref="IOException">The checkpoint before could not be written.</exception>
    public void Save(TrainState state)
    {
        if (!_whole.IsFinite)
        {
            throw NotFinite(state, "A weight");
        }

        _whole.CheckIsSame();
        if (_writer is not null)
        {
            _writer.Begin(snapshot => snapshot.Fill(state, (part, target) => _whole.Copy(part, target)));
        }
        else
        {
            foreach (var part in CheckpointSnapshot.Parts(_whole.HasAverage))
            {
                _whole.Copy(part, null);
            }
        }

        _schedule.Restart();
    }

    /// <summary>Tells of a checkpoint that was written meanwhile.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Collect() => _writer?.Collect();

    /// <summary>Waits for the last checkpoint.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Finish() => _writer?.Finish();

    /// <summary>The checkpoint that a spike goes back to; the one that is being written is waited for.</summary>
    /// <returns>Its folder; null where there is none yet.</returns>
    /// <exception cref="IOException">The last checkpoint could not be written.</exception>
    public string? RestorePoint()
    {
        _writer?.Finish();
        return _store?.RestorePoint(_keeping, _observer.OnNotice);
    }

    /// <summary>Removes those beyond a state that the training has gone back to.</summary>
    public void RemoveAfter(long samples) => _store?.RemoveAfter(samples);

    /// <summary>Keeps what was learnt when something else failed, which is then what the user sees.</summary>
    public void TrySave(TrainState state)
    {
        try
        {
            _writer?.TryFinish();
            Save(state);
            _writer?.Finish();
        }
        catch (Exception)
        {
            // The first failure is the one to show. It may be this very one, a full disk; and after an error of a GPU every call of it fails.
        }
    }

    /// <summary>A checkpoint is good when a step from it is finite. One of the present state has just failed, so it is set aside, and
    /// the newest that stays is good.</summary>
    /// <returns>What is thrown: all ranks see it, and rank 0 tells it.</returns>
    public Exception NotFinite(TrainState state, string what)
    {
        if (_writer is null)
        {
            return new RankFailedException(0, _ranks.Places[0].Host, $"{what} is not finite.");
        }

        _writer.TryFinish();
        var setAside = _store!.SetAside(state.Samples);
        return new NonFiniteLossException(state.Samples, what, _store.Latest, setAside);
    }

    /// <inheritdoc/>
    public void Dispose() => _writer?.Dispose();
}
