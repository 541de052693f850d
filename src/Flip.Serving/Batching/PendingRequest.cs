namespace Flip.Serving.Batching;

/// <summary>Items of one caller that wait for their turn or are computed; each gets its result in its place.</summary>
internal abstract class PendingRequest(int count)
{
    /// <summary>Its place in its lane's line; null once all its items are taken or it has left.</summary>
    public LinkedListNode<PendingRequest>? Node { get; set; }

    /// <summary>When it came, ticks of <see cref="System.Diagnostics.Stopwatch"/>.</summary>
    public long Came { get; init; }

    /// <summary>Number of items.</summary>
    public int Count => count;

    /// <summary>Items that were taken into batches so far.</summary>
    public int Taken { get; set; }

    /// <summary>Items that still wait.</summary>
    public int Waiting => count - Taken;

    /// <summary>Ends it without a result; nothing happens where it has ended already.</summary>
    public abstract void Fail(Exception why);

    /// <summary>Ends it since its caller has left; nothing happens where it has ended already.</summary>
    /// <returns>Whether it has not ended before.</returns>
    public abstract bool Cancel(CancellationToken cancellation);
}

/// <inheritdoc/>
/// <typeparam name="TIn">What is computed with.</typeparam>
/// <typeparam name="TOut">What comes of it.</typeparam>
internal sealed class PendingRequest<TIn, TOut>(IReadOnlyList<TIn> items) : PendingRequest(items.Count)
{
    private readonly TOut[] _results = new TOut[items.Count];
    private readonly TaskCompletionSource<IReadOnlyList<TOut>> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _finished; // the engine's thread alone writes it

    /// <summary>The results, in the order of the items.</summary>
    public Task<IReadOnlyList<TOut>> Results => _done.Task;

    /// <summary>One of the items.</summary>
    public TIn this[int place] => items[place];

    /// <summary>Receives the result of an item; the last one ends the request.</summary>
    public void Finish(int place, TOut result)
    {
        _results[place] = result;
        if (++_finished == Count)
        {
            _done.TrySetResult(_results);
        }
    }

    /// <inheritdoc/>
    public override void Fail(Exception why) => _done.TrySetException(why);

    /// <inheritdoc/>
    public override bool Cancel(CancellationToken cancellation) => _done.TrySetCanceled(cancellation);
}
