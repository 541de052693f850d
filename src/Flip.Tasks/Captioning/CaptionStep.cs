using Flip.Config;
using Flip.Devices;
using Flip.Losses;
using Flip.Models;
using Flip.Tasks.ImageTasks;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tasks.Captioning;

/// <summary>
/// The gradient of a captioner's loss on one batch: cross-entropy of each token behind those before it (teacher forcing), the mean over all tokens of
/// the batch, ends among them and padding not.
/// </summary>
/// <param name="captioner">The captioner.</param>
/// <param name="config">Micro-batch, and whether the tower learns.</param>
/// <param name="exchange">Sums the gradients of the ranks that share a batch; null for a single process.</param>
public sealed class CaptionStep(Captioner captioner, CaptionConfig config, GradientExchange? exchange = null)
{
    /// <summary>What the tower makes of the images, where it does not learn and that is known; then a batch has no pixels.</summary>
    internal TowerTokens? Tokens { get; init; }


    /// <summary>Fills the gradient with that of the batch's mean loss, without waiting for the device. Where ranks share the batch, the loss is this rank's
    /// part of it, and the gradient is summed where this rank owns it.</summary>
    /// <param name="batch">Whole images with rows of captions, marked at both ends.</param>
    public PendingLoss ComputeGradient(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        var tokens = Math.Max(1, batch.Lengths.Sum(length => length - 1));
        return new SummedStep(captioner.Parameters, config, exchange).ComputeGradient(
            batch.Size, tape => captioner.Tape = tape, (start, count) => Loss(batch, start, count).Over(tokens));
    }

    private Tensor Loss(Batch batch, int start, int count)
    {
        var device = captioner.Parameters.Device;
        var length = batch.Lengths.AsSpan(start, count).ToArray().Max() - 1; // nothing is computed of what is padding in all
        var (inputs, targets, counted) = (new long[count * length], new long[count * length], new byte[count * length]);
        for (var row = 0; row < count; row++)
        {
            var ids = batch.Tokens.AsSpan((start + row) * batch.TextLength, batch.TextLength);
            for (var place = 0; place < length; place++)
            {
                var at = (row * length) + place;
                (inputs[at], targets[at], counted[at]) = (ids[place], ids[place + 1], place + 1 < batch.Lengths[start + row] ? (byte)1 : (byte)0);
            }
        }

        Tensor Rows<T>(T[] values)
            where T : unmanaged => DeviceTraffic.Send<T>(values, device, count, length);
        var encoded = captioner.Encode(Seen(batch, start, count));
        return TokenCrossEntropy.Sum(captioner.Logits(encoded, Rows(inputs)), Rows(targets), Rows(counted).to(ScalarType.Bool));
    }

    /// <summary>What the tower makes of the images; without a graph where it does not learn.</summary>
    private Tensor Seen(Batch batch, int start, int count)
    {
        if (Tokens is not null)
        {
            return Tokens.Rows(batch.Samples.AsSpan(start, count), captioner.Parameters.Device, captioner.Parameters.ComputeType);
        }

        var bytes = 3 * batch.ImageSize * batch.ImageSize;
        var images = DeviceTraffic.Send<byte>(
            batch.Images.AsSpan(start * bytes, count * bytes), captioner.Parameters.Device, count, batch.ImageSize, batch.ImageSize, 3);
        if (config.TowerLearningRate > 0)
        {
            return captioner.TowerTokens(images);
        }

        using var noGrad = no_grad();
        return captioner.TowerTokens(images);
    }
}
