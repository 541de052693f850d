using System.Diagnostics;

namespace Flip.Serving.Batching;

/// <summary>
/// What waits to be computed: lanes of requests in the order in which they came, with one bound for all of their items. Of the lanes that have a full batch, or whose first
/// request has waited long enough, the one whose first request came earliest is next. A request that is cancelled leaves at once.
/// </summary>
/// <param name="length">Items that may wait.</param>
/// <param name="maxWait">How long the first item of a batch waits for others.</param>
/// <param name="metrics">Counts what happens.</param>
internal sealed class BatchQueue(int length, TimeSpan maxWait, EngineMetrics metrics)
{
    private const double Newest = 0.1; // weight of the last batch in the mean of the time by item
    private static readonly TimeSpan LongestRetry = TimeSpan.FromMinutes(1);

    private readonly object _gate = new();
    private readonly List<Lane> _lanes = [];
    private int _reserved;
    private bool _isClosed;
    private bool _isEnded;
    private double _secondsByItem;

    /// <summary>Places that are taken: by items that wait and by requests that are made ready.</summary>
    public int Taken
    {
        get
        {
            lock (_gate)
            {
                return _reserved + _lanes.Sum(lane => lane.Waiting);
            }
        }
    }

    /// <summary>Whether requests are refused since the engine is ending.</summary>
    public bool IsClosed
    {
        get
        {
            lock (_gate)
            {
                return _isClosed;
            }
        }
    }

    /// <summary>Adds a lane.</summary>
    public T Add<T>(T lane)
        where T : Lane
    {
        lock (_gate)
        {
            _lanes.Add(lane);
            return lane;
        }
    }

    /// <summary>Keeps places for a request, so that one that would be refused costs no work.</summary>
    /// <exception cref="QueueFullException">There are not so many.</exception>
    /// <exception cref="EngineStoppedException">The engine is ending.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There are more items than the queue has places.</exception>
    public Places Reserve(string kind, int count)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, length);
        lock (_gate)
        {
            if (_isClosed)
            {
                throw new EngineStoppedException();
            }

            var taken = _reserved + _lanes.Sum(lane => lane.Waiting);
            if (count > length - taken)
            {
                metrics.Refused(kind);
                var seconds = Math.Clamp(taken * _secondsByItem, 1, LongestRetry.TotalSeconds);
                throw new QueueFullException(taken, length, TimeSpan.FromSeconds(seconds));
            }

            _reserved += count;
            return new Places(this, count);
        }
    }

    /// <summary>Gives back places that were kept.</summary>
    public void GiveBack(int count)
    {
        lock (_gate)
        {
            _reserved -= count;
            Monitor.PulseAll(_gate); // who waits for the end counts them
        }
    }

    /// <summary>Puts items into the line, in the places that were kept for them.</summary>
    /// <returns>The results, in the order of the items.</returns>
    public async Task<IReadOnlyList<TOut>> AddAsync<TIn, TOut>(Places places, Lane<TIn, TOut> lane, IReadOnlyList<TIn> items, CancellationToken cancellation)
    {
        if (items.Count == 0)
        {
            return [];
        }

        cancellation.ThrowIfCancellationRequested();
        var request = new PendingRequest<TIn, TOut>(items) { Came = Stopwatch.GetTimestamp() };
        lock (_gate)
        {
            if (_isEnded)
            {
                throw new EngineStoppedException();
            }

            places.Use(items.Count);
            _reserved -= items.Count;
            lane.Waiting += items.Count;
            request.Node = lane.Line.AddLast(request);
            Monitor.PulseAll(_gate);
        }

        metrics.Came(lane.Kind, items.Count);
        await using var leaving = cancellation.UnsafeRegister(_ => Leave(lane, request, cancellation), null).ConfigureAwait(false);
        return await request.Results.ConfigureAwait(false);
    }

    /// <summary>Waits for the next batch and takes it out. For the engine's thread.</summary>
    /// <returns>Null once the queue has ended.</returns>
    public (Lane Lane, IReadOnlyList<BatchPart> Parts)? Take()
    {
        lock (_gate)
        {
            while (!_isEnded)
            {
                var now = Stopwatch.GetTimestamp();
                var (next, wait) = Next(now);
                if (next is not null)
                {
                    return (next, TakeFrom(next, now));
                }

                _ = wait is { } until ? Monitor.Wait(_gate, until) : Monitor.Wait(_gate);
            }

            return null;
        }
    }

    /// <summary>Receives how long a batch took, for the time after which a refused request may come again.</summary>
    public void Took(int count, TimeSpan time)
    {
        lock (_gate)
        {
            var byItem = time.TotalSeconds / count;
            _secondsByItem = _secondsByItem == 0 ? byItem : (_secondsByItem * (1 - Newest)) + (byItem * Newest);
        }
    }

    /// <summary>Takes out what still waits of a request that has failed.</summary>
    public void Drop(Lane lane, PendingRequest request)
    {
        lock (_gate)
        {
            if (request.Node is { List: not null } node)
            {
                lane.Line.Remove(node);
                lane.Waiting -= request.Waiting;
                request.Node = null;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Takes no more requests; those that have places are still computed.</summary>
    public void Close()
    {
        lock (_gate)
        {
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Waits until nothing waits any more.</summary>
    /// <returns>Whether that was so within the time.</returns>
    public bool WaitUntilEmpty(TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        lock (_gate)
        {
            while (_reserved + _lanes.Sum(lane => lane.Waiting) > 0)
            {
                var left = limit - clock.Elapsed;
                if (left <= TimeSpan.Zero)
                {
                    return false;
                }

                Monitor.Wait(_gate, left);
            }

            return true;
        }
    }

    /// <summary>Ends: what still waits fails, and <see cref="Take"/> gives nothing more.</summary>
    public void End()
    {
        List<PendingRequest> left;
        lock (_gate)
        {
            (_isClosed, _isEnded) = (true, true);
            left = [.. _lanes.SelectMany(lane => lane.Line)];
            foreach (var lane in _lanes)
            {
                lane.Line.Clear();
                lane.Waiting = 0;
            }

            Monitor.PulseAll(_gate);
        }

        left.ForEach(request => request.Fail(new EngineStoppedException()));
    }

    private (Lane? Ready, TimeSpan? Wait) Next(long now)
    {
        Lane? ready = null;
        TimeSpan? wait = null;
        foreach (var lane in _lanes)
        {
            if (lane.Line.First is not { Value: var first })
            {
                continue;
            }

            var left = maxWait - Stopwatch.GetElapsedTime(first.Came, now);
            if (_isClosed || lane.Waiting >= lane.MaxBatch || left <= TimeSpan.Zero)
            {
                ready = ready is null || first.Came < ready.Line.First!.Value.Came ? lane : ready;
            }
            else
            {
                // At least a millisecond: less is no wait to the clock of the lock.
                left = left < TimeSpan.FromMilliseconds(1) ? TimeSpan.FromMilliseconds(1) : left;
                wait = wait is null || left < wait ? left : wait;
            }
        }

        return (ready, wait);
    }

    private List<BatchPart> TakeFrom(Lane lane, long now)
    {
        var parts = new List<BatchPart>();
        var room = lane.MaxBatch;
        while (room > 0 && lane.Line.First is { Value: var request })
        {
            var count = Math.Min(room, request.Waiting);
            parts.Add(new BatchPart(request, request.Taken, count));
            if (request.Taken == 0)
            {
                metrics.Waited(lane.Kind, Stopwatch.GetElapsedTime(request.Came, now));
            }

            request.Taken += count;
            lane.Waiting -= count;
            room -= count;
            if (request.Waiting == 0)
            {
                lane.Line.RemoveFirst();
                request.Node = null;
            }
        }

        Monitor.PulseAll(_gate); // who waits for the end
        return parts;
    }

    private void Leave(Lane lane, PendingRequest request, CancellationToken cancellation)
    {
        Drop(lane, request);
        if (request.Cancel(cancellation))
        {
            metrics.Cancelled(lane.Kind);
        }
    }
}
