using System.Runtime.InteropServices;

namespace Flip.Collectives;

/// <summary>
/// Batches that ranks make in turn and that all of them get, in the order of a single process. In each round every rank makes one batch, and they
/// exchange them; a rank holds a batch of each. What ends one rank ends all behind the same round: each has got the batches before it.
/// </summary>
public static class SharedBatches
{
    /// <summary>Shares batches.</summary>
    /// <typeparam name="T">A batch.</typeparam>
    /// <param name="ranks">The ranks; a single process reads its own batches, and nothing is written.</param>
    /// <param name="own">Makes the batches of a turn, one at a time.</param>
    /// <param name="write">A batch as bytes.</param>
    /// <param name="read">A batch from its bytes.</param>
    /// <param name="cancellation">Stops all ranks before their next batch, whichever rank it is of.</param>
    /// <exception cref="RankFailedException">Another rank failed. That one throws what it failed with.</exception>
    /// <exception cref="OperationCanceledException">A rank was asked to stop.</exception>
    public static IEnumerable<T> Read<T>(
        ICommunicator ranks,
        Func<Turn, IEnumerable<T>> own,
        Func<T, byte[]> write,
        Func<ReadOnlyMemory<byte>, T> read,
        CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(own);
        ArgumentNullException.ThrowIfNull(write);
        ArgumentNullException.ThrowIfNull(read);
        return ranks.World == 1 ? own(default) : Rounds(ranks, own, write, read, cancellation);
    }

    /// <summary>Shares batches of numbers.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="own">Makes the batches of a turn, one at a time.</param>
    /// <param name="cancellation">Stops all ranks before their next batch.</param>
    /// <inheritdoc cref="Read{T}" path="/exception"/>
    public static IEnumerable<float[]> Read(ICommunicator ranks, Func<Turn, IEnumerable<float[]>> own, CancellationToken cancellation = default) => Read(
        ranks,
        own,
        numbers => MemoryMarshal.AsBytes(numbers.AsSpan()).ToArray(),
        bytes => MemoryMarshal.Cast<byte, float>(bytes.Span).ToArray(),
        cancellation);

    private static IEnumerable<T> Rounds<T>(
        ICommunicator ranks, Func<Turn, IEnumerable<T>> own, Func<T, byte[]> write, Func<ReadOnlyMemory<byte>, T> read, CancellationToken cancellation)
    {
        using var batches = own(Turn.Of(ranks)).GetEnumerator();
        while (true)
        {
            var mine = RankOutcome.Of(() =>
            {
                cancellation.ThrowIfCancellationRequested();
                return batches.MoveNext() ? write(batches.Current) : null;
            });
            var round = Array.ConvertAll(ranks.Exchange(mine.ToBytes()), RankOutcome.Parse);
            foreach (var outcome in round.TakeWhile(outcome => outcome.IsDone))
            {
                yield return read(outcome.Bytes);
            }

            RankOutcome.ThrowIfEnded(round, mine, ranks);
            if (!Array.TrueForAll(round, outcome => outcome.IsDone))
            {
                yield break;
            }
        }
    }
}
