using Flip.Config;
using Flip.Devices;
using Flip.Losses;
using Flip.Models;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tasks.Answering;

/// <summary>The gradient of the loss of answers on one batch: binary cross-entropy of each answer against what it counts, summed over the answers, the mean over the
/// questions.</summary>
/// <param name="answerer">The model.</param>
/// <param name="config">Micro-batch, whether the towers learn, and whether images are seen.</param>
/// <param name="targets">What the answers count, by the questions' numbers.</param>
/// <param name="exchange">Sums the gradients of the ranks that share a batch; null for a single process.</param>
public sealed class AnswerStep(QuestionAnswerer answerer, AnswerConfig config, AnswerTargets targets, GradientExchange? exchange = null)
{
    /// <summary>What the image tower makes of the images, where it does not learn and that is known; then a batch has no pixels.</summary>
    internal SeenTokens? Seen { get; init; }

    /// <summary>Fills the gradient with that of the batch's mean loss, without waiting for the device. Where ranks share the batch, the loss is this rank's
    /// part of it, and the gradient is summed where this rank owns it.</summary>
    /// <param name="batch">Whole images with rows of questions; its samples are the questions' numbers.</param>
    public PendingLoss ComputeGradient(Batch batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return new SummedStep(answerer.Parameters, config, exchange).ComputeGradient(
            batch.Size, tape => answerer.Tape = tape, (start, count) => Loss(batch, start, count).Over(batch.Size));
    }

    private Tensor Loss(Batch batch, int start, int count)
    {
        var (tokens, lengths) = QuestionRows.Send(
            answerer, batch.Tokens.AsSpan(start * batch.TextLength, count * batch.TextLength), batch.Lengths.AsSpan(start, count));
        var scores = DeviceTraffic.Send<float>(targets.Rows(batch.Samples.AsSpan(start, count)), answerer.Parameters.Device, count, answerer.Answers);
        if (config.TowerLearningRate > 0)
        {
            return SoftAnswerLoss.Sum(answerer.Fuse(ImageTokens(batch, start, count), answerer.TextTokens(tokens, lengths), lengths), scores);
        }

        var (image, text) = (default(Tensor)!, default(Tensor)!);
        using (no_grad())
        {
            (image, text) = (ImageTokens(batch, start, count), answerer.TextTokens(tokens, lengths));
        }

        return SoftAnswerLoss.Sum(answerer.Fuse(image, text, lengths), scores);
    }

    private Tensor ImageTokens(Batch batch, int start, int count)
    {
        if (config.QuestionOnly)
        {
            return answerer.MeanImageTokens(count);
        }

        if (Seen is not null)
        {
            return Seen.Tokens.Rows(Seen.ImagesOf(batch.Samples.AsSpan(start, count)), answerer.Parameters.Device, answerer.Parameters.ComputeType);
        }

        var bytes = 3 * batch.ImageSize * batch.ImageSize;
        return answerer.ImageTokens(DeviceTraffic.Send<byte>(
            batch.Images.AsSpan(start * bytes, count * bytes), answerer.Parameters.Device, count, batch.ImageSize, batch.ImageSize, 3));
    }
}
