using System.Runtime.ExceptionServices;
using System.Threading.Tasks.Dataflow;

namespace Flip.Ingest.Packing;

/// <summary>Does work on items on several threads and gives the results in the items' order, a few ahead of who takes them. Small items go from thread to thread in groups, which cost one hand-over.</summary>
internal static class OrderedWork
{
    private const int AheadPerThread = 4;
    private const int MostOfGroup = 64;
    private const long GroupSize = 128 << 10;

    /// <summary>The results. What an item or the work throws comes where its result would.</summary>
    /// <param name="items">The items, read on a thread of their own.</param>
    /// <param name="size">Bytes of an item: a group is full at 128 KiB, or at 64 items.</param>
    /// <param name="work">The work.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="cancellation">Stops all.</param>
    public static IEnumerable<TResult> Run<TItem, TResult>(IEnumerable<TItem> items, Func<TItem, long> size, Func<TItem, TResult> work, int threads, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var block = new TransformBlock<List<TItem>, Group<TResult>>(group => Do(group, work), new ExecutionDataflowBlockOptions
        {
            MaxDegreeOfParallelism = threads,
            BoundedCapacity = threads * AheadPerThread,
            EnsureOrdered = true,
            SingleProducerConstrained = true,
            CancellationToken = stop.Token,
        });
        var reading = Task.Run(() => FeedAsync(items, size, block, stop.Token), CancellationToken.None);
        try
        {
            while (block.OutputAvailableAsync(CancellationToken.None).GetAwaiter().GetResult())
            {
                var group = block.Receive();
                foreach (var result in group.Results)
                {
                    yield return result;
                }

                group.Fault?.Throw();
            }

            reading.GetAwaiter().GetResult();
            block.Completion.GetAwaiter().GetResult();
        }
        finally
        {
            stop.Cancel();
            reading.ContinueWith(_ => { }, TaskScheduler.Default).GetAwaiter().GetResult(); // its failure was thrown above, or something else was before it
        }
    }

    private static Group<TResult> Do<TItem, TResult>(List<TItem> group, Func<TItem, TResult> work)
    {
        var results = new List<TResult>(group.Count);
        try
        {
            group.ForEach(item => results.Add(work(item)));
            return new Group<TResult>(results, null);
        }
        catch (Exception e)
        {
            return new Group<TResult>(results, ExceptionDispatchInfo.Capture(e));
        }
    }

    private static async Task FeedAsync<TItem, TResult>(IEnumerable<TItem> items, Func<TItem, long> size, TransformBlock<List<TItem>, Group<TResult>> block, CancellationToken cancellation)
    {
        var (group, bytes) = (new List<TItem>(), 0L);
        try
        {
            foreach (var item in items)
            {
                group.Add(item);
                bytes += size(item);
                if (group.Count == MostOfGroup || bytes >= GroupSize)
                {
                    var full = group;
                    (group, bytes) = ([], 0);
                    if (!await block.SendAsync(full, cancellation).ConfigureAwait(false))
                    {
                        return; // it was stopped
                    }
                }
            }
        }
        finally
        {
            if (group.Count > 0)
            {
                await block.SendAsync(group, CancellationToken.None).ConfigureAwait(false); // also those before one that cannot be read
            }

            block.Complete();
        }
    }

    /// <summary>Results of a group, and what the item behind them failed with; null for nothing.</summary>
    private sealed record Group<TResult>(List<TResult> Results, ExceptionDispatchInfo? Fault);
}
