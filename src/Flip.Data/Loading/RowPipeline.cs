using System.Runtime.ExceptionServices;
using Flip.Devices;

namespace Flip.Data.Loading;

/// <summary>
/// Fills blocks of rows on several threads and hands the blocks over in the order they were put in. The bound is the
/// caller's: nothing is filled that was not put in.
/// </summary>
/// <typeparam name="TBlock">A block.</typeparam>
internal sealed class RowPipeline<TBlock> : IDisposable
    where TBlock : RowBlock
{
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    // A Monitor, not a Lock: threads wait on it.
    private readonly object _gate = new();
    private readonly Queue<TBlock> _blocks = new();
    private readonly Action<TBlock, int> _fill;
    private readonly Action<TBlock> _finish;
    private readonly List<Thread> _threads;
    private bool _stopping;

    /// <summary>Starts the threads.</summary>
    /// <param name="workers">Number of threads; 0 takes those that this process has.</param>
    /// <param name="fill">Fills one row of a block; called from several threads at once.</param>
    /// <param name="finish">Called by one thread once all rows of a block are filled; null for nothing.</param>
    public RowPipeline(int workers, Action<TBlock, int> fill, Action<TBlock>? finish = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(workers);
        (_fill, _finish) = (fill, finish ?? (_ => { }));
        _threads = Enumerable.Range(0, workers == 0 ? Processors.Available : workers)
            .Select(i => new Thread(Work) { IsBackground = true, Name = $"flip-loader-{i}" })
            .ToList();
        _threads.ForEach(thread => thread.Start());
    }

    /// <summary>Blocks put in and not taken.</summary>
    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _blocks.Count;
            }
        }
    }

    /// <summary>The block that <see cref="Take"/> gives next; null where none was put in.</summary>
    public TBlock? Head
    {
        get
        {
            lock (_gate)
            {
                return _blocks.TryPeek(out var head) ? head : null;
            }
        }
    }

    /// <summary>Whether <see cref="Take"/> would not wait for a block of so many rows.</summary>
    public bool IsReady(int rows)
    {
        lock (_gate)
        {
            return _blocks.TryPeek(out var head) && head is { Open: 0, Fault: null } && head.Rows == rows;
        }
    }

    /// <summary>Puts a block at the end.</summary>
    public void Put(TBlock block)
    {
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _blocks.Enqueue(block);
            Monitor.PulseAll(_gate);
        }
    }

    /// <summary>Drops all blocks. Threads may still write into rows they have begun, so a dropped block is not used again.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            _blocks.Clear();
        }
    }

    /// <summary>Waits for the first block and takes it out. What a row failed with is thrown, again at each call.</summary>
    public TBlock Take(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        using var wake = cancellation.Register(Wake);
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            var head = _blocks.Peek();
            while (head.Open > 0 && head.Fault is null)
            {
                cancellation.ThrowIfCancellationRequested();
                Monitor.Wait(_gate);
                ObjectDisposedException.ThrowIf(_stopping, this); // the blocks are gone, even a finished one
            }

            if (head.Fault is { } fault)
            {
                ExceptionDispatchInfo.Throw(fault);
            }

            return _blocks.Dequeue();
        }
    }

    /// <summary>Stops the threads after the rows they are in.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            _blocks.Clear();
            Monitor.PulseAll(_gate);
        }

        // A decoder that never returns must not hold up the end of a run: the threads are background threads.
        var deadline = DateTime.UtcNow + StopPatience;
        foreach (var thread in _threads)
        {
            var left = deadline - DateTime.UtcNow;
            thread.Join(left > TimeSpan.Zero ? left : TimeSpan.Zero);
        }
    }

    private void Wake()
    {
        lock (_gate)
        {
            Monitor.PulseAll(_gate);
        }
    }

    private void Work()
    {
        while (Claim() is { } claim)
        {
            var fault = FaultOf(() => _fill(claim.Block, claim.Row));
            bool isLast;
            lock (_gate)
            {
                claim.Block.Fault ??= fault;
                isLast = --claim.Block.Unfilled == 0;
            }

            fault ??= isLast && claim.Block.Fault is null ? FaultOf(() => _finish(claim.Block)) : null;
            lock (_gate)
            {
                claim.Block.Open--;
                claim.Block.Fault ??= fault;
                if (claim.Block.Open == 0 || fault is not null)
                {
                    Monitor.PulseAll(_gate);
                }
            }
        }
    }

    private static Exception? FaultOf(Action work)
    {
        try
        {
            work();
            return null;
        }
        catch (Exception e)
        {
            return e;
        }
    }

    /// <summary>The next free row of the first block that has one; null when it is time to stop.</summary>
    private (TBlock Block, int Row)? Claim()
    {
        lock (_gate)
        {
            while (!_stopping)
            {
                foreach (var block in _blocks)
                {
                    if (block.Claimed < block.Rows && block.Fault is null)
                    {
                        return (block, block.Claimed++);
                    }
                }

                Monitor.Wait(_gate);
            }

            return null;
        }
    }
}
