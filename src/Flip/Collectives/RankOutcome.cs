using System.Runtime.ExceptionServices;
using System.Text;

namespace Flip.Collectives;

/// <summary>What came of a rank's part of a work, as it tells the others.</summary>
internal sealed class RankOutcome
{
    private readonly Kind _kind;
    private readonly Exception? _own;

    private RankOutcome(Kind kind, ReadOnlyMemory<byte> bytes, Exception? own = null) => (_kind, Bytes, _own) = (kind, bytes, own);

    private enum Kind : byte
    {
        Done,
        Nothing,
        Failed,
        Stopped,
    }

    /// <summary>What was made; of a failure its message.</summary>
    public ReadOnlyMemory<byte> Bytes { get; }

    /// <summary>Whether something was made.</summary>
    public bool IsDone => _kind == Kind.Done;

    /// <summary>Does a part of a work. What it fails with is kept, but for a failure of all ranks.</summary>
    /// <param name="work">Null where there is nothing more to do.</param>
    public static RankOutcome Of(Func<byte[]?> work)
    {
        try
        {
            return work() is { } bytes ? new RankOutcome(Kind.Done, bytes) : new RankOutcome(Kind.Nothing, default);
        }
        catch (OperationCanceledException e)
        {
            return new RankOutcome(Kind.Stopped, default, e);
        }
        catch (Exception e) when (e is not CollectiveException)
        {
            return new RankOutcome(Kind.Failed, Encoding.UTF8.GetBytes(e.Message.Split('\n')[0].TrimEnd()), e);
        }
    }

    /// <summary>Reads what <see cref="ToBytes"/> made.</summary>
    public static RankOutcome Parse(byte[] bytes) => new((Kind)bytes[^1], bytes.AsMemory(0, bytes.Length - 1));

    /// <summary>As another rank gets it. The kind is behind the rest, so that numbers lie where they may lie.</summary>
    public byte[] ToBytes()
    {
        var bytes = GC.AllocateUninitializedArray<byte>(Bytes.Length + 1);
        Bytes.CopyTo(bytes);
        bytes[^1] = (byte)_kind;
        return bytes;
    }

    /// <summary>Ends the work on this rank if it has ended on one. A failure counts before a wish to stop, and that of the first rank before others.</summary>
    /// <param name="all">What came of it on each rank that took part.</param>
    /// <param name="own">What came of it here.</param>
    /// <param name="ranks">The ranks.</param>
    /// <exception cref="RankFailedException">Another rank failed; that one throws what it failed with.</exception>
    /// <exception cref="OperationCanceledException">A rank was asked to stop.</exception>
    public static void ThrowIfEnded(IReadOnlyList<RankOutcome> all, RankOutcome own, ICommunicator ranks)
    {
        var (rank, failed) = all.Index().FirstOrDefault(outcome => outcome.Item._kind == Kind.Failed);
        if (failed is not null)
        {
            Throw(rank == ranks.Rank ? own._own : null);
            throw new RankFailedException(rank, ranks.Places[rank].Host, Encoding.UTF8.GetString(failed.Bytes.Span));
        }

        (rank, var stopped) = all.Index().FirstOrDefault(outcome => outcome.Item._kind == Kind.Stopped);
        if (stopped is not null)
        {
            Throw(own._kind == Kind.Stopped ? own._own : null);
            throw new OperationCanceledException($"Rank {rank} on {ranks.Places[rank].Host} was asked to stop.");
        }
    }

    private static void Throw(Exception? own)
    {
        if (own is not null)
        {
            ExceptionDispatchInfo.Throw(own);
        }
    }
}
