using static TorchSharp.torch;

namespace Flip.Collectives;

/// <summary>A single process: it has everything already.</summary>
public sealed class OneProcess : ICommunicator
{
    private OneProcess()
    {
    }

    /// <summary>The one.</summary>
    public static OneProcess Instance { get; } = new();

    /// <inheritdoc/>
    public int Rank => 0;

    /// <inheritdoc/>
    public int World => 1;

    /// <inheritdoc/>
    public IReadOnlyList<RankPlace> Places { get; } = [new RankPlace(0, Environment.MachineName, 0, 1)];

    /// <inheritdoc/>
    public CollectiveCount Sent => default;

    /// <inheritdoc/>
    public PendingCollective StartSum(Tensor values) => PendingCollective.Done;

    /// <inheritdoc/>
    public PendingCollective StartMax(Tensor values) => PendingCollective.Done;

    /// <inheritdoc/>
    public PendingCollective StartGather(Tensor own, Tensor all, IReadOnlyList<long> counts) => Copy(own, all);

    /// <inheritdoc/>
    public PendingCollective StartScatterSum(Tensor all, Tensor own, IReadOnlyList<long> counts) => Copy(all, own);

    /// <inheritdoc/>
    public PendingCollective StartBroadcast(Tensor values, int root = 0) => PendingCollective.Done;

    /// <inheritdoc/>
    public PendingCollective StartShift(Tensor send, Tensor receive) => Copy(send, receive);

    /// <inheritdoc/>
    public byte[] Broadcast(ReadOnlySpan<byte> bytes, int root = 0) => bytes.ToArray();

    /// <inheritdoc/>
    public byte[][] Exchange(ReadOnlySpan<byte> bytes) => [bytes.ToArray()];

    /// <inheritdoc/>
    public void Fail(string reason)
    {
        // There is no one to tell.
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // Nothing is held.
    }

    private static PendingCollective Copy(Tensor from, Tensor to)
    {
        ArgumentNullException.ThrowIfNull(to);
        using var noGrad = no_grad();
        to.copy_(from);
        return PendingCollective.Done;
    }
}
