namespace Flip.Progress;

/// <summary>Turns counts of items done into progress with speed and time left.</summary>
/// <param name="view">Where it is shown.</param>
/// <param name="stage">What is being done, one or two words.</param>
/// <param name="items">What the items are, plural.</param>
/// <param name="total">All items.</param>
/// <param name="time">Clock; null for the system's.</param>
public sealed class ItemMeter(IProgressView view, string stage, string items, long total, TimeProvider? time = null)
{
    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private (long Done, long Time)? _first;

    /// <summary>Items done at the last report.</summary>
    public long Done { get; private set; }

    /// <summary>Takes the number of items done; the first report tells what was done before, which is no speed.</summary>
    public void Report(long done)
    {
        _first ??= (done, _time.GetTimestamp());
        Done = done;
        var seconds = _time.GetElapsedTime(_first.Value.Time).TotalSeconds;
        var perSecond = seconds > 0 ? (done - _first.Value.Done) / seconds : 0;
        var left = perSecond > 0 ? TimeSpan.FromSeconds((total - done) / perSecond) : TimeSpan.Zero;
        view.Report(new ItemProgress(stage, items, done, total, perSecond, left));
    }
}
