using System.Text.Json;
using System.Text.Json.Serialization;

namespace Flip.Collectives;

/// <summary>
/// Work that rank 0 does for all, such as whatever reads and writes the user's files. The others wait, however long it takes: rank 0 says every second that
/// it is at it. If it fails there, all ranks end; if it is stopped, all are. The work itself exchanges nothing.
/// </summary>
public static class FirstRank
{
    private static readonly TimeSpan Beat = TimeSpan.FromSeconds(1);

    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    /// <summary>Does a work on rank 0 and tells all what came of it.</summary>
    /// <typeparam name="T">The result: what JSON holds without a loss.</typeparam>
    /// <param name="ranks">The ranks; a single process just does the work.</param>
    /// <param name="work">Called on rank 0 alone.</param>
    /// <exception cref="RankFailedException">On the other ranks: the work failed.</exception>
    /// <exception cref="OperationCanceledException">The work was stopped.</exception>
    public static T Tell<T>(ICommunicator ranks, Func<T> work)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(work);
        if (ranks.World == 1)
        {
            return work();
        }

        T? made = default;
        var told = Share(ranks, () =>
        {
            made = work();
            return JsonSerializer.SerializeToUtf8Bytes(made, Json);
        });
        return ranks.Rank == 0 ? made! : JsonSerializer.Deserialize<T>(told.Bytes.Span, Json)!;
    }

    /// <summary>Does a work on rank 0 and leaves there what comes of it.</summary>
    /// <inheritdoc cref="Tell{T}(ICommunicator, Func{T})"/>
    /// <typeparam name="T">The result.</typeparam>
    /// <param name="ranks">The ranks; a single process just does the work.</param>
    /// <param name="work">Called on rank 0 alone.</param>
    /// <returns>Null on the other ranks.</returns>
    public static T? Keep<T>(ICommunicator ranks, Func<T> work)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(work);
        T? made = null;
        Do(ranks, () => made = work());
        return made;
    }

    /// <summary>Does a work on rank 0.</summary>
    /// <inheritdoc cref="Tell{T}(ICommunicator, Func{T})" path="/param"/>
    /// <inheritdoc cref="Tell{T}(ICommunicator, Func{T})" path="/exception"/>
    public static void Do(ICommunicator ranks, Action work)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(work);
        if (ranks.World == 1)
        {
            work();
            return;
        }

        Share(ranks, () =>
        {
            work();
            return [];
        });
    }

    private static RankOutcome Share(ICommunicator ranks, Func<byte[]> work)
    {
        var outcome = ranks.Rank == 0 ? DoBeating(ranks, work) : Wait(ranks);
        RankOutcome.ThrowIfEnded([outcome], outcome, ranks);
        return outcome;
    }

    private static RankOutcome Wait(ICommunicator ranks)
    {
        while (true)
        {
            if (ranks.Broadcast([]) is { Length: > 0 } told)
            {
                return RankOutcome.Parse(told);
            }
        }
    }

    /// <summary>The work is done on the caller's thread. Until it is done, the other thread alone uses the ranks.</summary>
    private static RankOutcome DoBeating(ICommunicator ranks, Func<byte[]> work)
    {
        using var done = new ManualResetEventSlim();
        var beating = Task.Factory.StartNew(
            () =>
            {
                while (!done.Wait(Beat))
                {
                    ranks.Broadcast([]);
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
        RankOutcome outcome;
        try
        {
            outcome = RankOutcome.Of(work);
        }
        finally
        {
            done.Set();
            Task.WaitAny(beating);
        }

        beating.GetAwaiter().GetResult(); // throws where another rank has failed meanwhile
        ranks.Broadcast(outcome.ToBytes());
        return outcome;
    }
}
