using System.Threading.Tasks.Dataflow;

namespace Flip.Ingest.Packing;

/// <summary>Does work on items on several threads and gives the results in the items' order, a few ahead of who takes them.</summary>
internal static class OrderedWork
{
    private const int AheadPerThread = 4;

    /// <summary>The results. What an item or the work throws comes where its result would.</summary>
    /// <param name="items">The items, read on a thread of their own.</param>
    /// <param name="work">The work.</param>
    /// <param name="threads">Threads.</param>
    /// <param name="cancellation">Stops all.</param>
    public static IEnumerable<TResult> Run<TItem, TResult>(IEnumerable<TItem> items, Func<TItem, TResult> work, int threads, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var block = new TransformBlock<TItem, TResult>(work, new ExecutionDataflowBlockOptions
        {
            MaxDegreeOfParallelism = threads,
            BoundedCapacity = threads * AheadPerThread,
            EnsureOrdered = true,
            SingleProducerConstrained = true,
            CancellationToken = stop.Token,
        });
        var reading = Task.Run(() => FeedAsync(items, block, stop.Token), CancellationToken.None);
        try
        {
            while (block.OutputAvailableAsync(CancellationToken.None).GetAwaiter().GetResult())
            {
                yield return block.Receive();
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

    private static async Task FeedAsync<TItem, TResult>(IEnumerable<TItem> items, TransformBlock<TItem, TResult> block, CancellationToken cancellation)
    {
        try
        {
            foreach (var item in items)
            {
                if (!await block.SendAsync(item, cancellation).ConfigureAwait(false))
                {
                    return; // the work failed
                }
            }
        }
        finally
        {
            block.Complete();
        }
    }
}
