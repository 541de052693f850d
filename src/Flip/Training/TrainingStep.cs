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
/// again with a graph and that gradient. The result is that of the whole batch at once, up to rounding.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="train">Loss, micro-batch and seed.</param>
/// <param name="clock">Measures where the time goes, of which <see cref="ComputeGradient"/> is some laps; null for nothing.</param>
public sealed class TrainingStep(FlipModel model, TrainConfig train, StepClock? clock = null)
{
    private readonly ulong _seed = (ulong)train.Seed;

    /// <summary>Fills <see cref="FlatParameters.Gradient"/> with the gradient of the batch's loss.</summary>
    /// <param name="batch">The pairs.</param>
    /// <param name="imageMaskRatio">Share of patches removed in this step.</param>
    public StepLoss ComputeGradient(Batch batch, double imageMaskRatio)
    {
        var part = train.MicroBatch == 0 ? batch.Size : Math.Min(train.MicroBatch, batch.Size);
        return part == batch.Size
            ? Step(() => Whole(batch, imageMaskRatio))
            : ComputeGradient(new InMemoryBatch(batch, part), imageMaskRatio);
    }

    /// <summary>Fills <see cref="FlatParameters.Gradient"/> with the gradient of the batch's loss, part by part.</summary>
    /// <param name="batch">The pairs; they are gone through twice.</param>
    /// <param name="imageMaskRatio">Share of patches removed in this step.</param>
    public StepLoss ComputeGradient(IDividedBatch batch, double imageMaskRatio) => Step(() => InParts(batch, imageMaskRatio));

    private StepLoss Step(Func<StepLoss> compute)
    {
        StepLoss loss;
        using (NewDisposeScope())
        {
            model.Tape = train.CheckpointBlocks > 0 ? new BlockTape(train.CheckpointBlocks) : null;
            try
            {
                model.Parameters.ZeroGradient();
                clock?.Lap(StepPart.Update);
                loss = compute();
            }
            finally
            {
                model.Tape = null;
            }
        }

        clock?.Lap(StepPart.Backward); // the graph is gone
        return loss;
    }

    private StepLoss Whole(Batch batch, double ratio)
    {
        var (images, texts, reconstruction) = Encode(Inputs(batch, 0, batch.Size, ratio));
        var plain = LossChunk(batch.Size) == batch.Size ? PlainLoss(images, texts) : null;
        var gradient = plain is null ? ContrastAll(images.detach(), texts.detach()) : null;
        var contrastive = plain?.ToDouble() ?? gradient!.Loss;
        var loss = plain ?? Surrogate(images, texts, gradient!.Images, gradient.Texts);
        clock?.Lap(StepPart.Loss);
        Backward(reconstruction is null ? loss : loss.Plus(reconstruction.Times(model.Config.Reconstruction.Weight)));
        return Total(contrastive, reconstruction?.ToDouble());
    }

    private StepLoss InParts(IDividedBatch batch, double ratio)
    {
        var (allImages, allTexts, last) = EmbedAll(batch, ratio);
        var gradient = ContrastAll(allImages, allTexts);
        clock?.Lap(StepPart.Loss);
        var reconstructionLoss = BackwardOfPart(last, gradient, batch.Size);
        foreach (var part in batch.Parts().Where(part => !IsLast(part, batch)))
        {
            using var scope = NewDisposeScope();
            var encoded = new EncodedPart(part.First, part.Count, Encode(Inputs(part.Batch, part.Start, part.Count, ratio)));
            reconstructionLoss += BackwardOfPart(encoded, gradient, batch.Size);
        }

        return Total(gradient.Loss, reconstructionLoss);
    }

    /// <summary>Embeddings of all parts without a graph, <c>[batch, embedDim]</c> each. The last part keeps its graph and need not be
    /// computed again: the loss comes next.</summary>
    private (Tensor Images, Tensor Texts, EncodedPart Last) EmbedAll(IDividedBatch batch, double ratio)
    {
        var images = zeros(batch.Size, model.Config.EmbedDim, ScalarType.Float32, model.Parameters.Device);
        var texts = zeros_like(images);
        EncodedPart? last = null;
        foreach (var part in batch.Parts())
        {
            if (IsLast(part, batch))
            {
                // In the scope of the step: its graph, or what is on the tape, is needed until the backward pass.
                last = new EncodedPart(part.First, part.Count, Encode(Inputs(part.Batch, part.Start, part.Count, ratio)));
                Keep(part, last.Encoded);
                continue;
            }

            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            Keep(part, Embed(Inputs(part.Batch, part.Start, part.Count, ratio)));
        }

        return (images, texts, last!);

        void Keep(BatchPart part, Encoded encoded)
        {
            images.narrow(0, part.First, part.Count).copy_(encoded.Images.detach());
            texts.narrow(0, part.First, part.Count).copy_(encoded.Texts.detach());
        }
    }

    private static bool IsLast(BatchPart part, IDividedBatch batch) => part.First + part.Count == batch.Size;

    /// <summary>Adds a part's gradient.</summary>
    /// <returns>Its share of the reconstruction loss; null without a decoder.</returns>
    private double? BackwardOfPart(EncodedPart part, ContrastiveGradient gradient, int batchSize)
    {
        var (images, texts, reconstruction) = part.Encoded;
        var surrogate = Surrogate(
            images, texts, gradient.Images.narrow(0, part.First, part.Count), gradient.Texts.narrow(0, part.First, part.Count));

        // A mean over images with equally many removed patches: each part counts by its size.
        var share = (double)part.Count / batchSize;
        Backward(reconstruction is null ? surrogate : surrogate.Plus(reconstruction.Times(share * model.Config.Reconstruction.Weight)));
        return share * reconstruction?.ToDouble();
    }

    private Encoded Embed(StepInputs inputs)
    {
        var texts = EncodeText(inputs);
        var images = model.EncodeImage(inputs.Images, inputs.ImageKeep);
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
        ? (model.EncodeImage(inputs.Images, inputs.ImageKeep), null)
        : model.EncodeAndReconstruct(inputs.Images, inputs.ImageKeep!, inputs.ImageRestore);

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

    private StepLoss Total(double contrastive, double? reconstruction) =>
        new(contrastive + ((reconstruction ?? 0) * model.Config.Reconstruction.Weight), contrastive, reconstruction);

    private Tensor PlainLoss(Tensor images, Tensor texts) => train.Loss == LossKind.InfoNce
        ? ContrastiveLoss.InfoNce(images, texts, model.LogitFactor())
        : ContrastiveLoss.Sigmoid(images, texts, model.LogitFactor(), model.LogitBias!.Value);

    /// <summary>Loss and gradient of embeddings that have no graph; the gradients of logit scale and bias are added to theirs.</summary>
    private ContrastiveGradient ContrastAll(Tensor images, Tensor texts)
    {
        var factor = model.LogitFactor();
        var chunk = LossChunk((int)images.shape[0]);
        if (train.Loss == LossKind.InfoNce)
        {
            var gradient = ChunkedContrastiveLoss.InfoNce(images, texts, factor, chunk);
            (factor * gradient.Factor).sum().backward();
            return gradient;
        }

        var bias = model.LogitBias!.Value;
        var withBias = ChunkedContrastiveLoss.Sigmoid(images, texts, factor, bias, chunk);
        (factor * withBias.Factor).sum().Plus((bias * withBias.Bias!).sum()).backward();
        return withBias;
    }

    private int LossChunk(int batch) =>
        Math.Min(batch, train.LossChunk > 0 ? train.LossChunk : ChunkedContrastiveLoss.AutomaticChunk(batch));

    private StepInputs Inputs(Batch batch, int start, int count, double ratio)
    {
        var inputs = StepInputs.Of(batch, start, count, model.Config, ratio, _seed, model.Reconstructs, model.Parameters.Device);
        clock?.Lap(StepPart.Inputs);
        return inputs;
    }

    /// <summary>Embeddings of pairs, <c>[pairs, embedDim]</c>, and the reconstruction loss of their images.</summary>
    private sealed record Encoded(Tensor Images, Tensor Texts, Tensor? Reconstruction);

    /// <summary>The embeddings of a part, with their graph.</summary>
    private sealed record EncodedPart(int First, int Count, Encoded Encoded);
}
