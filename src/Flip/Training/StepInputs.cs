using Flip.Config;
using Flip.Masking;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>The tensors of some consecutive pairs of a batch, with their masks; on the model's device.</summary>
/// <param name="Images">uint8, <c>[pairs, size, size, 3]</c>.</param>
/// <param name="Tokens">int64, <c>[pairs, length]</c>.</param>
/// <param name="Lengths">int64, <c>[pairs]</c>.</param>
/// <param name="ImageKeep">int64 kept patches, <c>[pairs, kept]</c>; null for all.</param>
/// <param name="ImageRestore">int64 places in the order kept, removed, <c>[pairs, patches]</c>; for a decoder, else null.</param>
/// <param name="TextKeep">int64 kept positions, <c>[pairs, kept]</c>; null for all.</param>
public sealed record StepInputs(
    Tensor Images, Tensor Tokens, Tensor Lengths, Tensor? ImageKeep, Tensor? ImageRestore, Tensor? TextKeep)
{
    /// <summary>Pairs <paramref name="start"/> and on of a batch. Masks depend on each pair's (seed, epoch, sample) alone, so
    /// any division of a batch gives the same ones.</summary>
    public static StepInputs Of(Batch batch, int start, int count, ModelConfig model, double imageMaskRatio, ulong seed, bool restore, Device device)
    {
        var size = batch.ImageSize;
        var pixels = size * size * 3;
        var images = tensor(batch.Images.AsSpan(start * pixels, count * pixels).ToArray(), device: device).view(count, size, size, 3);
        var tokens = tensor(Array.ConvertAll(batch.Tokens[(start * batch.TextLength)..((start + count) * batch.TextLength)], id => (long)id), device: device)
            .view(count, batch.TextLength);
        var lengths = tensor(Array.ConvertAll(batch.Lengths[start..(start + count)], length => (long)length), device: device);
        var epochs = batch.Epochs.AsSpan(start, count);
        var samples = batch.Samples.AsSpan(start, count);
        var (imageKeep, imageRestore) = ImageMask(model.Image, imageMaskRatio, seed, epochs, samples, restore, device);
        var textKeep = TextKeepOf(model.Text, seed, epochs, samples, batch.Lengths.AsSpan(start, count), batch.TextLength, device);
        return new StepInputs(images, tokens, lengths, imageKeep, imageRestore, textKeep);
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
        var keep = tensor(ids, device: device).view(samples.Length, kept);
        if (!restore)
        {
            return (keep, null);
        }

        var restored = new long[samples.Length * patches];
        for (var i = 0; i < samples.Length; i++)
        {
            PatchMask.Restore(PatchMask.WithRemoved(ids.AsSpan(i * kept, kept), patches)).CopyTo(restored.AsSpan(i * patches));
        }

        return (keep, tensor(restored, device: device).view(samples.Length, patches));
    }

    private static Tensor? TextKeepOf(
        TextConfig text, ulong seed, ReadOnlySpan<int> epochs, ReadOnlySpan<long> samples, ReadOnlySpan<int> lengths, int rowLength, Device device)
    {
        var kept = MaskRatio.Kept(rowLength, text.MaskRatio);
        if (kept == rowLength)
        {
            return null;
        }

        var ids = TextMask.ChooseBatch(text.MaskKind, text.Pooling, rowLength, kept, seed, epochs, samples, lengths);
        return tensor(ids, device: device).view(samples.Length, kept);
    }
}
