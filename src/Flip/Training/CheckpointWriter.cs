using Flip.Models;

namespace Flip.Training;

/// <summary>
/// Writes checkpoints beside the training. A step waits for the copy alone; the files are written by a thread of their own. One is written at a time: the
/// next one waits for it. For one thread.
/// </summary>
/// <param name="save">Writes a snapshot and gives its folder; called on another thread.</param>
/// <param name="observer">Hears of each that is whole, on the training's thread.</param>
/// <param name="parameters">Names, shapes and places of the weights.</param>
/// <param name="hasAverage">Whether a moving average of weights is kept.</param>
internal sealed class CheckpointWriter(Func<CheckpointSnapshot, string> save, ITrainingObserver observer, FlatParameters parameters, bool hasAverage) : IDisposable
{
    /// <summary>How long a checkpoint may wait for the one before until that is said.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private CheckpointSnapshot? _snapshot;
    private Task<string>? _writing;

    /// <summary>Copies the training's tensors, and begins to write them.</summary>
    /// <param name="fill">Fills the snapshot.</param>
    /// <exception cref="IOException">The checkpoint before this one could not be written.</exception>
    public void Begin(Action<CheckpointSnapshot> fill)
    {
        if (_writing is { } writing && Task.WaitAny([writing], Patience) < 0)
        {
            observer.OnNotice(FormattableString.Invariant(
                $"The next checkpoint waits until that of {_snapshot!.State.Samples:N0} samples is written. A faster disk helps, or a greater distance between checkpoints."));
        }

        Finish();
        _snapshot ??= new CheckpointSnapshot(parameters, hasAverage);
        fill(_snapshot);
        var filled = _snapshot;
        _writing = Task.Factory.StartNew(() => save(filled), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    /// <summary>Tells of a checkpoint that has been written meanwhile; waits for nothing.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Collect()
    {
        if (_writing is { IsCompleted: true })
        {
            Finish();
        }
    }

    /// <summary>Waits until the last checkpoint is written, and tells of it.</summary>
    /// <exception cref="IOException">It could not be written.</exception>
    public void Finish()
    {
        if (_writing is { } writing)
        {
            _writing = null;
            observer.OnCheckpoint(_snapshot!.State, writing.GetAwaiter().GetResult());
        }
    }

    /// <summary>The same for one whose failure is not the first, which is the one to show.</summary>
    public void TryFinish()
    {
        try
        {
            Finish();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Something else has failed before.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        TryFinish();
        _snapshot?.Dispose();
    }
}
