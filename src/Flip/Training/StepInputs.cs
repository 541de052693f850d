using Flip.Config;
using Flip.Masking;
using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>The tensors of some consecutive pairs of a batch, with their masks; on the model's device.</summary>
/// <param name="Images">uint8, <c>[pairs, size, size, 3]</c>.</param>
/// <param name="Texts">The captions.</param>
/// <param name="ImageKeep">int64 kept patches, <c>[pairs, kept]</c>; null for all.</param>
/// <param name="ImageRestore">int64 places in the order kept, removed, <c>[pairs, patches]</c>; for a decoder, else null.</param>
public sealed record StepInputs(
    Tensor Images, TextRows Texts, Tensor? ImageKeep, Tensor? ImageRestore)
{
    /// <summary>Pairs <paramref name="start"/> and on of a batch. Masks depend on each pair's (seed, epoch, sample) alone, so
    /// any division of a batch gives the same ones.</summary>
    public static StepInputs Of(Batch batch, int start, int count, ModelConfig model, double imageMaskRatio, ulong seed, bool restore, Device device)
    {
        var size = batch.ImageSize;
        var pixels = size * size * 3;
        var images = HostCopy.To(device, () => tensor(batch.Images.AsSpan(start * pixels, count * pixels).ToArray())).view(count, size, size, 3);
        var epochs = batch.Epochs.AsSpan(start, count);
        var samples = batch.Samples.AsSpan(start, count);
        var (imageKeep, imageRestore) = ImageMask(model.Image, imageMaskRatio, seed, epochs, samples, restore, device);
        return new StepInputs(images, TextsOf(batch, start, count, model.Text, seed, device), imageKeep, imageRestore);
    }

    /// <summary>The captions alone.</summary>
    public static TextRows TextsOf(Batch batch, int start, int count, TextConfig text, ulong seed, Device device)
    {
        var length = batch.TextLength;
        var lengths = batch.Lengths.AsSpan(start, count);
        var tokens = batch.Tokens.AsSpan(start * length, count * length);
        var kept = MaskRatio.Kept(length, text.MaskRatio);
        var keep = kept == length ? null : TextMask.ChooseBatch(
            text.MaskKind,
            PooledToken.Positions(text, tokens, lengths),
            length,
            kept,
            seed,
            batch.Epochs.AsSpan(start, count),
            batch.Samples.AsSpan(start, count),
            lengths);
        return TextRows.Of(text, tokens, lengths, keep, device);
    }

    private static (Tensor? Keep, Tensor? Restore) ImageMask(
        ImageConfig image, double ratio, ulong seed, ReadOnlySpan<int> epochs, ReadOnlySpan<long> samples, bool restore, Device device)
    {
        var patches = image.PatchCount();
        var kept = MaskRatio.Kept(patches, ratio);
        if (kept == patches)
        {
            return (null, null);
        }

        var ids = PatchMask.ChooseBatch(image.MaskKind, image.GridSize(), kept, seed, epochs, samples);
        var keep = HostCopy.To(device, () => tensor(ids)).view(samples.Length, kept);
        if (!restore)
        {
            return (keep, null);
        }

        var restored = new long[samples.Length * patches];
        for (var i = 0; i < samples.Length; i++)
        {
            PatchMask.Restore(PatchMask.WithRemoved(ids.AsSpan(i * kept, kept), patches)).CopyTo(restored.AsSpan(i * patches));
        }

        return (keep, HostCopy.To(device, () => tensor(restored)).view(samples.Length, patches));
    }
}
