using System.Text.Json;
using Flip.Collectives;
using Flip.Devices;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// What the ranks of a training tell each other in every step, so that all go on or stop together: their parts of the loss and of the gradient's norm, whether
/// one was asked to stop, and how many samples could not be read.
/// </summary>
/// <param name="ranks">The ranks.</param>
internal sealed class RankAgreement(ICommunicator ranks)
{
    private long _badCount;
    private IReadOnlyDictionary<string, long> _bad = new Dictionary<string, long>();

    /// <summary>Adds up what each rank knows.</summary>
    /// <param name="loss">This rank's part of the loss.</param>
    /// <param name="squaredNorm">Its part of the gradient's squared norm.</param>
    /// <param name="stops">Whether it was asked to stop.</param>
    /// <param name="saves">Whether a checkpoint is due by rank 0's clock.</param>
    /// <param name="bad">Samples that it could not read so far, by cause.</param>
    public AgreedStep Of(StepLoss loss, double squaredNorm, bool stops, bool saves, IReadOnlyDictionary<string, long> bad)
    {
        using var scope = NewDisposeScope();
        double[] own = [loss.Loss, loss.ContrastiveLoss ?? 0, loss.ReconstructionLoss ?? 0, squaredNorm, stops ? 1 : 0, saves && ranks.Rank == 0 ? 1 : 0, bad.Values.Sum()];
        var sums = tensor(own);
        ranks.StartSum(sums).Wait();
        var all = DeviceTraffic.ReadDoubles(sums); // of the processor: no device is waited for
        if ((long)all[6] != _badCount)
        {
            _badCount = (long)all[6];
            _bad = Merged(ranks.Exchange(JsonSerializer.SerializeToUtf8Bytes(bad)));
        }

        return new AgreedStep(
            new StepLoss(all[0], loss.ContrastiveLoss is null ? null : all[1], loss.ReconstructionLoss is null ? null : all[2]),
            Math.Sqrt(all[3]),
            all[4] > 0,
            all[5] > 0,
            _bad);
    }

    private static Dictionary<string, long> Merged(byte[][] counts) => counts
        .SelectMany(one => JsonSerializer.Deserialize<Dictionary<string, long>>(one)!)
        .GroupBy(cause => cause.Key)
        .ToDictionary(cause => cause.Key, cause => cause.Sum(count => count.Value));
}

/// <summary>A step as all ranks know it.</summary>
/// <param name="Loss">The whole loss.</param>
/// <param name="Norm">Norm of the whole gradient.</param>
/// <param name="Stops">Whether a rank was asked to stop.</param>
/// <param name="Saves">Whether a checkpoint is due behind the step.</param>
/// <param name="BadSamples">Samples that could not be read so far on any rank, by cause.</param>
internal sealed record AgreedStep(StepLoss Loss, double Norm, bool Stops, bool Saves, IReadOnlyDictionary<string, long> BadSamples);
