namespace Flip.Collectives;

/// <summary>
/// What a rank has handed over. Bytes are those that any way of doing an operation has to send from a rank: of n bytes on W ranks n·(W - 1)/W for
/// a sum that is scattered, for each rank's part of a gather times W - 1 and on average for a broadcast; the first two together for a sum on all; n for a shift.
/// </summary>
/// <param name="Operations">Operations on tensors.</param>
/// <param name="Bytes">Bytes of them.</param>
public readonly record struct CollectiveCount(long Operations, long Bytes)
{
    /// <summary>Both counts added.</summary>
    public static CollectiveCount operator +(CollectiveCount a, CollectiveCount b) => new(a.Operations + b.Operations, a.Bytes + b.Bytes);

    /// <summary>What came between two counts.</summary>
    public static CollectiveCount operator -(CollectiveCount a, CollectiveCount b) => new(a.Operations - b.Operations, a.Bytes - b.Bytes);

    /// <summary>A sum or maximum on all ranks of so many bytes.</summary>
    public static CollectiveCount OfSum(long bytes, int world) => new(1, 2 * bytes * (world - 1) / world);

    /// <summary>A gather in which this rank has so many bytes.</summary>
    public static CollectiveCount OfGather(long ownBytes, int world) => new(1, ownBytes * (world - 1));

    /// <summary>A sum of so many bytes, of which so many are left to this rank.</summary>
    public static CollectiveCount OfScatterSum(long bytes, long ownBytes) => new(1, bytes - ownBytes);

    /// <summary>One rank's bytes on all: in a chain each rank but the last sends them once.</summary>
    public static CollectiveCount OfBroadcast(long bytes, int world) => new(1, bytes * (world - 1) / world);

    /// <summary>A shift of so many bytes.</summary>
    public static CollectiveCount OfShift(long bytes) => new(1, bytes);

    /// <summary>Both counts added.</summary>
    public CollectiveCount Add(CollectiveCount other) => this + other;

    /// <summary>What came since another count.</summary>
    public CollectiveCount Subtract(CollectiveCount other) => this - other;
}
