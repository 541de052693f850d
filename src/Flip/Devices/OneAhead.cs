using System.Runtime.ExceptionServices;

namespace Flip.Devices;

/// <summary>
/// Goes through batches with one of them ahead: the next one is in the device's queue, its copy included, before the last one's result is read. So
/// the device computes while the processor reads, and waits for the loader only where that is slower.
/// </summary>
public static class OneAhead
{
    /// <summary>Reads results in their order, one wait each.</summary>
    /// <typeparam name="T">What belongs to a batch, such as keys. It must not be memory that the source uses again.</typeparam>
    /// <param name="sent">Each step sends a batch to the device; null for a batch in which nothing is to be computed.</param>
    /// <param name="cancellation">Stops before a read, also where the source has come to its end.</param>
    /// <returns>Each batch with its numbers; empty where nothing was computed.</returns>
    /// <remarks>
    /// What the source fails with is thrown once the batch before it has been given out, as though none were ahead. A cancellation is thrown at once, and
    /// the batch in the queue is lost.
    /// </remarks>
    public static IEnumerable<(T Batch, float[] Numbers)> Read<T>(
        IEnumerable<(T Batch, PendingResult? Result)> sent, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(sent);
        return ReadAhead(sent, cancellation);
    }

    private static IEnumerable<(T Batch, float[] Numbers)> ReadAhead<T>(
        IEnumerable<(T Batch, PendingResult? Result)> sent, CancellationToken cancellation)
    {
        (T Batch, PendingResult? Result)? ahead = null;
        using var source = sent.GetEnumerator();
        try
        {
            while (true)
            {
                var (next, fault) = Next(source);
                var ready = ahead;
                ahead = next;
                if (ready is var (batch, result))
                {
                    yield return (batch, Take(result, cancellation));
                }

                fault?.Throw();
                if (next is null)
                {
                    yield break;
                }
            }
        }
        finally
        {
            ahead?.Result?.Dispose();
        }
    }

    private static float[] Take(PendingResult? result, CancellationToken cancellation)
    {
        using (result)
        {
            cancellation.ThrowIfCancellationRequested();
            return result?.Read() ?? [];
        }
    }

    private static ((T Batch, PendingResult? Result)? Sent, ExceptionDispatchInfo? Fault) Next<T>(IEnumerator<(T Batch, PendingResult? Result)> source)
    {
        try
        {
            return (source.MoveNext() ? source.Current : null, null);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            return (null, ExceptionDispatchInfo.Capture(e));
        }
    }
}
