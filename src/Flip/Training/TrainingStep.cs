using Flip.Config;
using Flip.Losses;
using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>What a step measured before its update.</summary>
/// <param name="Loss">The whole loss.</param>
/// <param name="ContrastiveLoss">Its contrastive part.</param>
/// <param name="ReconstructionLoss">The unweighted reconstruction loss; null without a decoder.</param>
public readonly record struct StepLoss(double Loss, double ContrastiveLoss, double? ReconstructionLoss);

/// <summary>
/// The gradient of the loss of one batch. A batch larger than the micro-batch is computed in parts by GradCache
/// (arXiv 2101.06983): embeddings of all parts without a graph, the loss and its gradient on all embeddings, then each part
/// again with a graph and that gradient. The result is that of the whole batch at once, up to rounding.
/// </summary>
/// <param name="model">The model.</param>
/// <param name="train">Loss, micro-batch and seed.</param>
/// <param name="clock">Told where the time goes, <see cref="ComputeGradient"/> being some of its laps; null for no one.</param>
public sealed class TrainingStep(FlipModel model, TrainConfig train, StepClock? clock = null)
{
    private readonly ulong _seed = (ulong)train.Seed;

    /// <summary>Fills <see cref="FlatParameters.Gradient"/> with the gradient of the batch's loss.</summary>
    /// <param name="batch">The pairs.</param>
    /// <param name="imageMaskRatio">Share of patches removed in this step.</param>
    public StepLoss ComputeGradient(Batch batch, double imageMaskRatio)
    {
        StepLoss loss;
        using (NewDisposeScope())
        {
            model.Parameters.ZeroGradient();
            clock?.Lap(StepPart.Update);
            var part = train.MicroBatch == 0 ? batch.Size : Math.Min(train.MicroBatch, batch.Size);
            loss = part == batch.Size ? Whole(batch, imageMaskRatio) : InParts(batch, imageMaskRatio, part);
        }

        clock?.Lap(StepPart.Backward); // the graph is gone
        return loss;
    }

    private StepLoss Whole(Batch batch, double ratio)
    {
        var (images, texts, reconstruction) = Encode(Inputs(batch, 0, batch.Size, ratio));
        var contrastive = Contrastive(images, texts);
        var loss = reconstruction is null ? contrastive : contrastive.Plus(reconstruction.Times(model.Config.Reconstruction.Weight));
        clock?.Lap(StepPart.Loss);
        loss.backward();
        GatherGradient();
        return new StepLoss(loss.ToDouble(), contrastive.ToDouble(), reconstruction?.ToDouble());
    }

    private StepLoss InParts(Batch batch, double ratio, int part)
    {
        var starts = Enumerable.Range(0, (batch.Size + part - 1) / part).Select(i => i * part).ToList();
        var (imageLeaf, textLeaf) = EmbedWithoutGraph(batch, ratio, part, starts);
        var contrastive = Contrastive(imageLeaf, textLeaf);
        contrastive.backward(); // gradients of all embeddings, and of the logit scale
        clock?.Lap(StepPart.Loss);
        GatherGradient();

        double? reconstructionLoss = null;
        foreach (var start in starts)
        {
            using var scope = NewDisposeScope();
            var count = Math.Min(part, batch.Size - start);
            var (images, texts, reconstruction) = Encode(Inputs(batch, start, count, ratio));
            var surrogate = (images * imageLeaf.grad!.narrow(0, start, count)).sum()
                .Plus((texts * textLeaf.grad!.narrow(0, start, count)).sum());
            if (reconstruction is not null)
            {
                // A mean over images with equally many removed patches: each part counts by its size.
                var share = (double)count / batch.Size;
                surrogate = surrogate.Plus(reconstruction.Times(share * model.Config.Reconstruction.Weight));
                reconstructionLoss = (reconstructionLoss ?? 0) + (share * reconstruction.ToDouble());
            }

            surrogate.backward();
            GatherGradient();
        }

        var value = contrastive.ToDouble();
        return new StepLoss(value + ((reconstructionLoss ?? 0) * model.Config.Reconstruction.Weight), value, reconstructionLoss);
    }

    private (Tensor Images, Tensor Texts) EmbedWithoutGraph(Batch batch, double ratio, int part, List<int> starts)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var images = new List<Tensor>();
        var texts = new List<Tensor>();
        foreach (var start in starts)
        {
            using var inner = NewDisposeScope();
            var inputs = Inputs(batch, start, Math.Min(part, batch.Size - start), ratio);
            texts.Add(EncodeText(inputs).MoveToOuterDisposeScope());
            images.Add(model.EncodeImage(inputs.Images, inputs.ImageKeep).MoveToOuterDisposeScope());
            clock?.Lap(StepPart.ImageForward);
        }

        return (
            cat(images, 0).requires_grad_(true).MoveToOuterDisposeScope(),
            cat(texts, 0).requires_grad_(true).MoveToOuterDisposeScope());
    }

    private (Tensor Images, Tensor Texts, Tensor? Reconstruction) Encode(StepInputs inputs)
    {
        var texts = EncodeText(inputs);
        var (images, reconstruction) = EncodeImage(inputs);
        clock?.Lap(StepPart.ImageForward);
        return (images, texts, reconstruction);
    }

    private (Tensor Images, Tensor? Reconstruction) EncodeImage(StepInputs inputs) => inputs.ImageRestore is null
        ? (model.EncodeImage(inputs.Images, inputs.ImageKeep), null)
        : model.EncodeAndReconstruct(inputs.Images, inputs.ImageKeep!, inputs.ImageRestore);

    private Tensor EncodeText(StepInputs inputs)
    {
        var texts = model.EncodeText(inputs.Tokens, inputs.Lengths, inputs.TextKeep);
        clock?.Lap(StepPart.TextForward);
        return texts;
    }

    private void GatherGradient()
    {
        clock?.Lap(StepPart.Backward);
        model.Parameters.AccumulateGradient();
        clock?.Lap(StepPart.Update);
    }

    private Tensor Contrastive(Tensor images, Tensor texts) => train.Loss == LossKind.InfoNce
        ? ContrastiveLoss.InfoNce(images, texts, model.LogitFactor())
        : ContrastiveLoss.Sigmoid(images, texts, model.LogitFactor(), model.LogitBias!.Value);

    private StepInputs Inputs(Batch batch, int start, int count, double ratio)
    {
        var inputs = StepInputs.Of(batch, start, count, model.Config, ratio, _seed, model.Reconstructs, model.Parameters.Device);
        clock?.Lap(StepPart.Inputs);
        return inputs;
    }
}
