using Flip.Config;
using Flip.Devices;
using Flip.Losses;
using Flip.Masking;
using Flip.Models;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Finetuning;

/// <summary>
/// The gradient of a classifier's loss on one batch: smoothed cross-entropy of mixed images through a tower with dropped branches. A batch larger
/// than the micro-batch is computed in parts whose gradients add up to that of the whole, up to rounding.
/// </summary>
/// <param name="classifier">The classifier.</param>
/// <param name="config">Smoothing, mixing, drop-path, micro-batch and seed.</param>
/// <param name="exchange">Sums the gradients of the ranks that share a batch; null for a single process.</param>
public sealed class ClassifierStep(ImageClassifier classifier, FinetuneConfig config, GradientExchange? exchange = null)
{
    private readonly ImageConfig _image = classifier.Config.Image;

    /// <summary>Fills the gradient with that of the batch's mean loss, without waiting for the device. Where ranks share the batch, the loss is this rank's
    /// part of it, and the gradient is summed where this rank owns it.</summary>
    /// <param name="batch">Images with labels.</param>
    /// <param name="step">Steps before this one.</param>
    /// <param name="imageMaskRatio">Share of patches removed in this step.</param>
    public PendingLoss ComputeGradient(Batch batch, long step, double imageMaskRatio)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var mix = BatchMix.Of(config, _image.ImageSize, step);
        return new SummedStep(classifier.Parameters, config, exchange).ComputeGradient(
            batch.Size, tape => classifier.Tape = tape, (start, count) => Loss(batch, start, count, mix, imageMaskRatio));
    }

    private Tensor Loss(Batch batch, int start, int count, BatchMix mix, double imageMaskRatio)
    {
        var device = classifier.Parameters.Device;
        var epochs = batch.Epochs.AsSpan(start, count);
        var samples = batch.Samples.AsSpan(start, count);
        var logits = classifier.Logits(
            MixedImages.Of(batch, start, count, mix, _image.Normalization, device),
            Kept(epochs, samples, imageMaskRatio, device),
            DropPath.Scales(
                _image.Depth, config.DropPath, (ulong)config.Seed, epochs, samples, classifier.Parameters.ComputeType, device));
        return SoftCrossEntropy.Sum(logits, Targets(batch, start, count, mix, device)).Over(batch.Size);
    }

    private Tensor? Kept(ReadOnlySpan<int> epochs, ReadOnlySpan<long> samples, double maskRatio, Device device)
    {
        var kept = MaskRatio.Kept(_image.PatchCount(), maskRatio);
        return kept == _image.PatchCount()
            ? null
            : DeviceTraffic.Send<long>(
                PatchMask.ChooseBatch(_image.MaskKind, _image.GridSize(), kept, (ulong)config.Seed, epochs, samples), device, samples.Length, kept);
    }

    private Tensor Targets(Batch batch, int start, int count, BatchMix mix, Device device)
    {
        var partners = new int[count];
        for (var i = 0; i < count; i++)
        {
            partners[i] = batch.Labels[batch.Size - 1 - start - i];
        }

        var targets = SoftCrossEntropy.Targets(
            batch.Labels.AsSpan(start, count), partners, mix.Share, classifier.Classes, config.LabelSmoothing);
        return DeviceTraffic.Send<float>(targets, device, count, classifier.Classes);
    }
}
