using Flip.Collectives;
using Flip.Native;
using static TorchSharp.torch;

namespace Flip.Distributed;

/// <summary>An operation in a GPU's queue.</summary>
/// <param name="ranks">Whose it is.</param>
/// <param name="stream">The queue.</param>
/// <param name="mark">The mark behind it.</param>
/// <param name="held">Tensors whose memory it uses.</param>
internal sealed class NcclPending(NcclRanks ranks, CudaStream stream, nint mark, Tensor[] held) : PendingCollective
{
    private bool _isOver;

    /// <inheritdoc/>
    public override void Wait()
    {
        ranks.ThrowIfFailed();
        if (!_isOver)
        {
            _isOver = true;
            stream.HoldDefault(mark);
            stream.Release(mark);
            Array.ForEach(held, tensor => tensor.Dispose()); // what takes this memory next is in the default stream, behind the mark
        }
    }
}
