using Flip.Collectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Losses;

/// <summary>
/// Blocks of texts on their way around the ring of ranks. The next block is sent and received while the present one is computed with; what a
/// block gathers on its way follows when it is done, and comes back to the rank that the block is of.
/// </summary>
/// <param name="texts">This rank's embeddings, fp32, <c>[pairs, dim]</c>.</param>
/// <param name="share">The batch.</param>
/// <param name="columns">A number for each text that goes with it, <c>[pairs]</c>; null for none.</param>
internal sealed class TextRing(Tensor texts, BatchShare share, Tensor? columns)
{
    /// <summary>Computes with each block once.</summary>
    /// <param name="compute">Takes a block <c>[block, dim]</c>, its numbers, its gradient so far (to be added to), and whether it is this rank's.</param>
    /// <returns>The gradient of this rank's texts, fp32, <c>[pairs, dim]</c>.</returns>
    public Tensor Round(Action<Tensor, Tensor?, Tensor, bool> compute) => GoAround(
        zeros_like(texts), (block, column, gradient, isOwn) => compute(block, column, gradient, isOwn));

    /// <summary>Computes with each block once, to find the sums of its columns.</summary>
    /// <param name="compute">Takes a block <c>[block, dim]</c>, its sums so far (to be added to), and whether it is this rank's.</param>
    /// <returns>The sums of this rank's columns.</returns>
    public LogSum RoundOfColumns(Action<Tensor, LogSum, bool> compute) => LogSum.Of(GoAround(
        new LogSum(share.Count, texts.device).State.t().contiguous(),
        (block, _, state, isOwn) => compute(block, LogSum.Of(state.t()), isOwn)).t());

    /// <param name="carried">What this rank's block gathers, a row a text; another memory comes back.</param>
    /// <param name="compute">Computes with a block and adds to what it carries.</param>
    private Tensor GoAround(Tensor carried, Action<Tensor, Tensor?, Tensor, bool> compute)
    {
        using var scope = NewDisposeScope();
        var (ranks, world) = (share.Ranks, share.Ranks.World);
        var (block, numbers) = (texts.contiguous(), columns?.contiguous());
        var (blocks, allNumbers, loads) = (RoomForTwo(block), numbers is null ? null : RoomForTwo(numbers), RoomForTwo(carried));
        for (var step = 0; step < world; step++)
        {
            var count = share.Counts[(ranks.Rank + step + 1) % world];
            Tensor Room(Tensor[] two) => two[step % 2].narrow(0, 0, count);
            var (nextBlock, nextNumbers, nextLoad) = (Room(blocks), allNumbers is null ? null : Room(allNumbers), Room(loads));
            var coming = new List<PendingCollective>();
            if (step < world - 1) // the texts themselves need not come back
            {
                coming.Add(ranks.StartShift(block, nextBlock));
                if (numbers is not null)
                {
                    coming.Add(ranks.StartShift(numbers, nextNumbers!));
                }
            }

            compute(block, numbers, carried, step == 0);
            coming.Add(ranks.StartShift(carried, nextLoad));
            coming.ForEach(one => one.Wait());
            (block, numbers, carried) = (nextBlock, nextNumbers, nextLoad);
        }

        return carried.MoveToOuterDisposeScope();
    }

    /// <summary>Memory for two blocks of any rank: one is computed with while the other arrives.</summary>
    private Tensor[] RoomForTwo(Tensor like)
    {
        Tensor Room() => zeros([share.Counts.Max(), .. like.shape[1..]], like.dtype, like.device);
        return [Room(), Room()];
    }
}
