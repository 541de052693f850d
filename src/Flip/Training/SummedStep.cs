using Flip.Collectives;
using Flip.Config;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// The gradient of a loss that is a sum over the samples of a batch. A batch larger than the micro-batch is computed in parts whose gradients add up to that of the
/// whole, up to rounding. (The contrastive loss is none: each pair is compared with all.)
/// </summary>
/// <param name="parameters">The weights.</param>
/// <param name="settings">Micro-batch, and which blocks are computed again.</param>
/// <param name="exchange">Sums the gradients of the ranks that share a batch; null for a single process.</param>
internal sealed class SummedStep(FlatParameters parameters, OptimizationConfig settings, GradientExchange? exchange = null)
{
    private readonly GradientExchange _exchange = exchange ?? GradientExchange.Alone(parameters);

    /// <summary>Fills the gradient, without waiting for the device. Where ranks share the batch, the loss is this rank's part of it, and the gradient is summed where
    /// this rank owns it.</summary>
    /// <param name="batchSize">Samples of the whole batch.</param>
    /// <param name="useTape">Gives the model the tape of a part, and null behind it.</param>
    /// <param name="lossOf">The part of the loss of so many samples, from the first one: one number.</param>
    public PendingLoss ComputeGradient(int batchSize, Action<BlockTape?> useTape, Func<int, int, Tensor> lossOf)
    {
        using var scope = NewDisposeScope();
        var share = new BatchShare(_exchange.Ranks, batchSize);
        var part = settings.MicroBatch == 0 ? share.Count : Math.Min(settings.MicroBatch, share.Count);
        var end = share.First + share.Count;
        var losses = new List<Tensor>();
        parameters.ZeroGradient();
        _exchange.Begin();
        for (var start = share.First; start < end; start += part)
        {
            losses.Add(ComputePart(useTape, lossOf, start, Math.Min(part, end - start)));
        }

        _exchange.Finish();
        return PendingLoss.Sum(losses);
    }

    private Tensor ComputePart(Action<BlockTape?> useTape, Func<int, int, Tensor> lossOf, int start, int count)
    {
        using var scope = NewDisposeScope();
        using var tape = settings.CheckpointBlocks > 0 ? new BlockTape(settings.CheckpointBlocks) : null;
        useTape(tape);
        try
        {
            var loss = lossOf(start, count);
            if (tape is not null)
            {
                tape.Backward(loss);
            }
            else
            {
                loss.backward();
            }

            parameters.AccumulateGradient();
            return loss.detach().MoveToOuterDisposeScope();
        }
        finally
        {
            useTape(null);
        }
    }
}
