using System.Diagnostics;
using System.Globalization;
using Flip.Config;
using Flip.Devices;
using Flip.Evaluation.Features;
using Flip.Native;
using Flip.Optim;
using Flip.Randomness;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>The recipe of <see cref="LarsProbe"/>; the defaults are the paper's.</summary>
public sealed record LarsProbeOptions
{
    /// <summary>Learning rate of a batch of 256; it grows with the batch.</summary>
    public double BaseLearningRate { get; init; } = 0.01;

    /// <summary>Images of a step; the whole training set where it is smaller.</summary>
    public int BatchSize { get; init; } = 16_384;

    /// <summary>Passes over the training set.</summary>
    public int Epochs { get; init; } = 90;

    /// <summary>Passes in which the learning rate rises.</summary>
    public int WarmupEpochs { get; init; } = 10;

    /// <summary>Seed of the first weights and the order.</summary>
    public ulong Seed { get; init; }
}

/// <summary>
/// The paper's linear probe (appendix, after MAE): a linear head behind a batch normalisation without scale and shift, trained by LARS with
/// momentum 0.9, no weight decay and a cosine schedule. The paper crops at random in every epoch; features are extracted once here, so an
/// epoch takes one of the given views in turn.
/// </summary>
public static class LarsProbe
{
    /// <summary>The method's name.</summary>
    public const string Name = "lars";

    /// <summary>Trains and measures.</summary>
    /// <param name="views">The training set, each time seen in another way; the same images in the same order.</param>
    /// <param name="test">Test images.</param>
    /// <param name="options">The recipe.</param>
    /// <param name="keepScores">Whether to keep the logits of all classes.</param>
    /// <param name="device">Where it computes, with all features there; null for the processor.</param>
    /// <param name="report">Receives the steps done and all steps.</param>
    /// <param name="cancellation">Stops between two steps.</param>
    public static ProbeResult Run(
        IReadOnlyList<LabelledFeatures> views,
        LabelledFeatures test,
        LarsProbeOptions options,
        bool keepScores = false,
        Device? device = null,
        Action<long, long>? report = null,
        CancellationToken cancellation = default)
    {
        foreach (var view in views)
        {
            view.Check();
            if (view.Dim != test.Dim || !view.Labels.AsSpan().SequenceEqual(views[0].Labels))
            {
                throw new ArgumentException("The views are not of the same images, or not of the test images' width.", nameof(views));
            }
        }

        test.Check();
        LibTorch.EnsureLoaded();
        var start = Stopwatch.GetTimestamp();
        var (classifier, steps, loss) = Train(views, options, device ?? CPU, report, cancellation);
        var batch = Math.Min(options.BatchSize, views[0].Count);
        return new(
            Name,
            string.Create(
                CultureInfo.InvariantCulture,
                $"lr {options.BaseLearningRate * batch / 256:0.###}, {steps:N0} steps{(views.Count > 1 ? $", {views.Count} views" : "")}"),
            classifier.Classify(test, keepScores, device: device),
            Stopwatch.GetElapsedTime(start).TotalSeconds,
            new Dictionary<string, object>
            {
                ["baseLearningRate"] = options.BaseLearningRate,
                ["batchSize"] = batch,
                ["epochs"] = options.Epochs,
                ["steps"] = steps,
                ["views"] = views.Count,
                ["lastLoss"] = loss,
            });
    }

    private static (LinearClassifier Classifier, long Steps, double Loss) Train(
        IReadOnlyList<LabelledFeatures> views, LarsProbeOptions options, Device device, Action<long, long>? report, CancellationToken cancellation)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var (images, dim) = (views[0].Count, views[0].Dim);
        var batch = Math.Min(options.BatchSize, images);
        var perEpoch = images / batch;
        var total = (long)perEpoch * options.Epochs;
        var schedule = new LearningRateSchedule(
            ScheduleKind.Cosine, options.BaseLearningRate * batch / 256, (long)options.WarmupEpochs * perEpoch, total, 0);
        var tensors = views.Select(view => DeviceTraffic.Send<float>(view.Values, device, images, dim)).ToArray();
        var labels = DeviceTraffic.Send<long>(Array.ConvertAll(views[0].Labels, label => (long)label), device, images, 1);
        var head = new LarsHead(views[0].Classes, dim, options.Seed, device);
        using var lars = new Lars([head.Weights, head.Biases], new LarsOptions());
        var (step, last) = (0L, zeros(1, device: device)); // nothing is read before the end, so no step waits for the one before
        for (var epoch = 0; epoch < options.Epochs; epoch++)
        {
            var order = Order(images, options.Seed, epoch);
            for (var i = 0; i < perEpoch; i++, step++)
            {
                cancellation.ThrowIfCancellationRequested();
                using var ofStep = NewDisposeScope();
                var rows = DeviceTraffic.Send<long>(order.AsSpan(i * batch, batch), device, batch);
                var (loss, gradients) = head.Gradients(tensors[epoch % tensors.Length].index_select(0, rows), labels.index_select(0, rows));
                lars.Step(gradients, schedule.At(step));
                last.copy_(loss);
                report?.Invoke(step + 1, total);
            }
        }

        var lastLoss = DeviceTraffic.ReadNumbers([last])[0];
        return double.IsFinite(lastLoss)
            ? (head.Classifier(), total, lastLoss)
            : throw new ArithmeticException("The loss of the LARS probe is not finite: the learning rate is too high (--lars-rate), or the features are not usable.");
    }

    /// <summary>All images in a random order; a batch that would be short at the end is left out of the epoch, as in MAE.</summary>
    private static long[] Order(int images, ulong seed, int epoch)
    {
        var order = new long[images];
        var random = new CounterRandom(seed, RandomPurpose.Order, epoch);
        for (var i = 0; i < images; i++)
        {
            var other = random.NextInt(i + 1);
            (order[i], order[other]) = (order[other], i);
        }

        return order;
    }
}
