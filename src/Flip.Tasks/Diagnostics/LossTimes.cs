using System.Diagnostics;
using Flip.Collectives;
using Flip.Config;
using Flip.Devices;
using Flip.Losses;
using Flip.Models;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>Times a contrastive loss with its gradients alone, on embeddings of chance. All ranks run it at the same time.</summary>
/// <param name="config">Batch, loss, exchange of texts, chunk and width of the embeddings.</param>
/// <param name="ranks">Who shares the batch.</param>
/// <param name="device">Where the embeddings are.</param>
public sealed class LossTimes(FlipConfig config, ICommunicator ranks, Device device)
{
    private const double Temperature = 100; // factor on cosines late in a training

    private const int FewPairs = 64;

    private readonly BatchShare _share = new(ranks, config.Train.BatchSize);

    /// <summary>Bytes that the arithmetic of a step's memory says for this rank, embeddings included.</summary>
    public long ExpectedBytes => new StepMemory(config, ScalarType.Float32, device.type, ranks.World).OfBatch(_share.Count);

    /// <summary>Times some rounds, each as long as on its slowest rank.</summary>
    /// <param name="rounds">How many, 1 or more.</param>
    /// <exception cref="CollectiveException">An operation fails or takes too long.</exception>
    public LossTime Measure(int rounds)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (factor, bias) = (full(1, (float)Temperature, device: device), full(1, -10f, device: device));
        var few = new BatchShare(ranks, FewPairs * ranks.World);
        _ = ContrastiveStep.Of(config.Train, Embeddings(1, FewPairs), Embeddings(2, FewPairs), factor, bias, few); // libraries and connections are ready
        DeviceTraffic.Wait(device);
        var before = InUse();
        var (images, texts) = (Embeddings(1, _share.Count), Embeddings(2, _share.Count));
        var times = new double[rounds];
        var loss = 0.0;
        var sent = 0L;
        for (var round = 0; round < rounds; round++)
        {
            using var inner = NewDisposeScope();
            ranks.StartSum(zeros(1, device: device)).Wait(); // all begin together
            var sentBefore = ranks.Sent.Bytes;
            var started = Stopwatch.GetTimestamp();
            var own = ContrastiveStep.Of(config.Train, images, texts, factor, bias, _share).Loss;
            DeviceTraffic.Wait(device);
            times[round] = Stopwatch.GetElapsedTime(started).TotalSeconds;
            sent = ranks.Sent.Bytes - sentBefore;
            ranks.StartSum(own).Wait();
            loss = DeviceTraffic.ReadNumbers([own])[0];
        }

        var found = tensor([.. times, DeviceMemory.Used(device) - before]);
        ranks.StartMax(found).Wait();
        var slowest = DeviceTraffic.ReadDoubles(found);
        return new LossTime(_share.Count, slowest[..rounds].Order().ElementAt(rounds / 2), (long)slowest[rounds], ExpectedBytes, sent, loss);
    }

    private long InUse() => device.type == DeviceType.CPU ? Environment.WorkingSet : DeviceMemory.Used(device);

    private Tensor Embeddings(int seed, int pairs)
    {
        using var generator = new Generator((ulong)((seed * 1000) + ranks.Rank), device);
        return FlipModel.Normalize(randn(pairs, config.Model.EmbedDim, device: device, generator: generator), 1e-8);
    }
}

/// <summary>What a loss took.</summary>
/// <param name="Pairs">Pairs of a rank.</param>
/// <param name="Seconds">Median of the rounds, each as long as on its slowest rank.</param>
/// <param name="Bytes">The largest memory of a rank beyond what it had before the embeddings; on the processor at its peak.</param>
/// <param name="ExpectedBytes">The same by arithmetic.</param>
/// <param name="SentBytes">What a rank sent in a round.</param>
/// <param name="Loss">The loss of the whole batch.</param>
public sealed record LossTime(int Pairs, double Seconds, long Bytes, long ExpectedBytes, long SentBytes, double Loss);
