using Flip.Collectives;
using Flip.Config;
using Flip.Losses;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>What a step measured before its update.</summary>
/// <param name="Loss">The whole loss.</param>
/// <param name="ContrastiveLoss">Its contrastive part; null for a classifier.</param>
/// <param name="ReconstructionLoss">The unweighted reconstruction loss; null without a decoder.</param>
public readonly record struct StepLoss(double Loss, double? ContrastiveLoss = null, double? ReconstructionLoss = null);

/// <summary>
/// The gradient of the loss of one batch. A batch larger than the micro-batch is computed in parts by GradCache
/// (arXiv 2101.06983): embeddings of all parts without a graph, the loss and its gradient on all embeddings, then each part
/// again with a graph and that gradient. The result is that of the whole batch at once, up to rounding. Ranks divide a batch in the same way:
/// each computes its own pairs, contrasted with everyone's, and the gradients are summed.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="train">Loss, micro-batch and seed.</param>
/// <param name="clock">Measures where the time goes, of which <see cref="ComputeGradient"/> is some laps; null for nothing.</param>
/// <param name="exchange">Sums the gradients of the ranks that share a batch; null for a single process.</param>
public sealed class TrainingStep(FlipModel model, TrainConfig train, StepClock? clock = null, GradientExchange? exchange = null)
{
    private const int BlocksOfBackward = 1; // after each block its gradients may leave

    private readonly PairLayout _layout = new(model.Config, (ulong)train.Seed, model.Parameters.Device);
    private readonly GradientExchange _exchange = exchange ?? GradientExchange.Alone(model.Parameters);
    private BatchShare _share = BatchShare.Alone(1);
    private bool _isLastBackward;

    /// <summary>Fills <see cref="FlatParameters.Gradient"/> with the gradient of a batch of whole images, whose masks are made here.</summary>
    /// <param name="batch">The pairs.</param>
    /// <param name="imageMaskRatio">Share of patches removed in this step.</param>
    public StepLoss ComputeGradient(Batch batch, double imageMaskRatio)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var parts = HeldBatch.Of(batch, train.MicroBatch == 0 ? batch.Size : train.MicroBatch, _layout, imageMaskRatio);
        using var loss = ComputeGradient(parts);
        return loss.Read();
    }

    /// <summary>
    /// Fills <see cref="FlatParameters.Gradient"/> with the gradient of the batch's loss, part by part. It waits for no device: the loss and
    /// the gradient are there when all that is in the device's queue is done. Where ranks share the batch, the loss is this rank's part of it, and the
    /// gradient is summed where this rank owns it.
    /// </summary>
    /// <param name="batch">The pairs of this rank; they are gone through twice if they have several parts.</param>
    /// <param name="share">The batch that they are part of; null where they are all of it.</param>
    public PendingLoss ComputeGradient(IDividedBatch batch, BatchShare? share = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        _share = share ?? BatchShare.Alone(batch.Size);
        ArgumentOutOfRangeException.ThrowIfNotEqual(_share.Count, batch.Size, nameof(share));
        PendingLoss loss;
        using (NewDisposeScope())
        {
            using var tape = NewTape();
            model.Tape = tape;
            try
            {
                model.Parameters.ZeroGradient();
                _exchange.Begin();
                clock?.Lap(StepPart.Update);
                loss = Compute(batch);
                _exchange.Finish();
            }
            finally
            {
                model.Tape = null;
            }
        }

        clock?.Lap(StepPart.Backward); // the graph is gone
        return loss;
    }

    /// <summary>Where the backward pass is cut: to compute blocks again, or for the gradients of each to leave when they are done.</summary>
    private BlockTape? NewTape() => train.CheckpointBlocks > 0 ? new BlockTape(train.CheckpointBlocks, recomputes: true, OnFinal)
        : _exchange.IsShared ? new BlockTape(BlocksOfBackward, recomputes: false, OnFinal)
        : null;

    private void OnFinal(TransformerBlock block)
    {
        if (_isLastBackward)
        {
            _exchange.MarkFinal(block.Parameters);
        }
    }

    private PendingLoss Compute(IDividedBatch batch)
    {
        using var parts = batch.Parts().GetEnumerator();
        if (!parts.MoveNext())
        {
            throw new ArgumentException("A batch without pairs.", nameof(batch));
        }

        clock?.Lap(StepPart.Inputs);
        return IsLast(parts.Current, batch) ? Whole(parts.Current) : InParts(batch, parts);
    }

    private PendingLoss Whole(BatchPart part)
    {
        var (images, texts, reconstruction) = Encode(part.Inputs);
        var plain = _share.IsWhole && ContrastiveStep.Chunk(train, part.Count) == part.Count ? PlainLoss(images, texts) : null;
        var gradient = plain is null ? ContrastAll(images.detach(), texts.detach()) : null;
        var loss = plain ?? Surrogate(images, texts, gradient!.Images, gradient.Texts);
        clock?.Lap(StepPart.Loss);
        _isLastBackward = true;
        var share = ShareOf(part.Count);
        Backward(reconstruction is null ? loss : loss.Plus(reconstruction.Times(share * model.Config.Reconstruction.Weight)));
        return Total(plain ?? gradient!.Loss, reconstruction is null ? [] : [(reconstruction, share)]);
    }

    private PendingLoss InParts(IDividedBatch batch, IEnumerator<BatchPart> parts)
    {
        var (allImages, allTexts, last) = EmbedAll(batch, parts);
        var gradient = ContrastAll(allImages, allTexts);
        clock?.Lap(StepPart.Loss);
        var reconstruction = new List<(Tensor, double)>();
        _isLastBackward = false;
        BackwardOfPart(last, gradient, reconstruction);
        foreach (var part in batch.Parts().Where(part => !IsLast(part, batch)))
        {
            clock?.Lap(StepPart.Inputs);
            using var scope = NewDisposeScope();
            _isLastBackward = part.First + part.Count == last.First;
            BackwardOfPart(new EncodedPart(part.First, part.Count, Encode(part.Inputs)), gradient, reconstruction);
        }

        var total = Total(gradient.Loss, reconstruction);
        reconstruction.ForEach(part => part.Item1.Dispose());
        return total;
    }

    /// <summary>Embeddings of all parts without a graph, <c>[batch, embedDim]</c> each. The last part keeps its graph and need not be
    /// computed again: the loss comes next.</summary>
    private (Tensor Images, Tensor Texts, EncodedPart Last) EmbedAll(IDividedBatch batch, IEnumerator<BatchPart> parts)
    {
        var images = zeros(batch.Size, model.Config.EmbedDim, ScalarType.Float32, model.Parameters.Device);
        var texts = zeros_like(images);
        EncodedPart? last = null;
        do
        {
            clock?.Lap(StepPart.Inputs);
            var part = parts.Current;
            if (IsLast(part, batch))
            {
                // In the scope of the step: its graph, or what is on the tape, is needed until the backward pass.
                last = new EncodedPart(part.First, part.Count, Encode(part.Inputs));
                Keep(part, last.Encoded);
                continue;
            }

            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            Keep(part, Embed(part.Inputs));
        }
        while (parts.MoveNext());

        return (images, texts, last!);

        void Keep(BatchPart part, Encoded encoded)
        {
            images.narrow(0, part.First, part.Count).copy_(encoded.Images.detach());
            texts.narrow(0, part.First, part.Count).copy_(encoded.Texts.detach());
        }
    }

    private static bool IsLast(BatchPart part, IDividedBatch batch) => part.First + part.Count == batch.Size;

    /// <summary>What a part counts in a mean over the images of the whole batch, of which equally many patches are removed.</summary>
    private double ShareOf(int pairs) => (double)pairs / _share.Whole;

    /// <summary>Adds a part's gradient, and its reconstruction loss to <paramref name="reconstructions"/>.</summary>
    private void BackwardOfPart(EncodedPart part, ContrastiveGradient gradient, List<(Tensor Loss, double Share)> reconstructions)
    {
        var (images, texts, reconstruction) = part.Encoded;
        var surrogate = Surrogate(
            images, texts, gradient.Images.narrow(0, part.First, part.Count), gradient.Texts.narrow(0, part.First, part.Count));
        var share = ShareOf(part.Count);
        Backward(reconstruction is null ? surrogate : surrogate.Plus(reconstruction.Times(share * model.Config.Reconstruction.Weight)));
        if (reconstruction is not null)
        {
            reconstructions.Add((reconstruction.detach().DetachFromDisposeScope(), share));
        }
    }

    private Encoded Embed(StepInputs inputs)
    {
        var texts = EncodeText(inputs);
        var patches = inputs.ImageRestore is null ? inputs.Patches : Patches.SelectRows(inputs.Patches, inputs.ImageKeep!);
        var images = model.EncodePatches(patches, inputs.ImageKeep);
        clock?.Lap(StepPart.ImageForward);
        return new Encoded(images, texts, null);
    }

    private Encoded Encode(StepInputs inputs)
    {
        var texts = EncodeText(inputs);
        var (images, reconstruction) = EncodeImage(inputs);
        clock?.Lap(StepPart.ImageForward);
        return new Encoded(images, texts, reconstruction);
    }

    private (Tensor Images, Tensor? Reconstruction) EncodeImage(StepInputs inputs) => inputs.ImageRestore is null
        ? (model.EncodePatches(inputs.Patches, inputs.ImageKeep), null)
        : model.EncodeAndReconstruct(inputs.Patches, inputs.ImageKeep!, inputs.ImageRestore);

    private Tensor EncodeText(StepInputs inputs)
    {
        var texts = model.EncodeText(inputs.Texts);
        clock?.Lap(StepPart.TextForward);
        return texts;
    }

    private void Backward(Tensor loss)
    {
        if (model.Tape is { } tape)
        {
            tape.Backward(loss);
        }
        else
        {
            loss.backward();
        }

        clock?.Lap(StepPart.Backward);
        model.Parameters.AccumulateGradient();
        clock?.Lap(StepPart.Update);
    }

    /// <summary>A scalar whose gradient is that of the loss of which the embeddings' gradients are given.</summary>
    private static Tensor Surrogate(Tensor images, Tensor texts, Tensor imageGradient, Tensor textGradient) =>
        (images * imageGradient).sum().Plus((texts * textGradient).sum());

    private PendingLoss Total(Tensor contrastive, List<(Tensor, double)> reconstruction) =>
        PendingLoss.OfPairs(contrastive, model.Reconstructs && reconstruction.Count > 0 ? reconstruction : null, model.Config.Reconstruction.Weight);

    private Tensor PlainLoss(Tensor images, Tensor texts) => train.Loss == LossKind.InfoNce
        ? ContrastiveLoss.InfoNce(images, texts, model.LogitFactor())
        : ContrastiveLoss.Sigmoid(images, texts, model.LogitFactor(), model.LogitBias!.Value);

    /// <summary>Loss and gradient of embeddings that have no graph; the gradients of logit scale and bias are added to theirs.</summary>
    private ContrastiveGradient ContrastAll(Tensor images, Tensor texts)
    {
        var factor = model.LogitFactor();
        var bias = model.LogitBias?.Value;
        var gradient = ContrastiveStep.Of(train, images, texts, factor, bias, _share);
        var scalars = (factor * gradient.Factor).sum();
        (bias is null ? scalars : scalars.Plus((bias * gradient.Bias!).sum())).backward();
        return gradient;
    }

    /// <summary>Embeddings of pairs, <c>[pairs, embedDim]</c>, and the reconstruction loss of their images.</summary>
    private sealed record Encoded(Tensor Images, Tensor Texts, Tensor? Reconstruction);

    /// <summary>The embeddings of a part, with their graph.</summary>
    private sealed record EncodedPart(int First, int Count, Encoded Encoded);
}
