using Flip.Config;

namespace Flip.Cli.Benchmarking.Scaling;

/// <summary>
/// The time of a training step on many GPUs, by arithmetic. Left out are data that come too late, GPUs that are slower than others, and what a GPU's computing loses
/// to the copies of its exchange. docs/cluster.md explains the terms.
/// </summary>
/// <param name="gpu">The GPU.</param>
/// <param name="network">What connects them.</param>
/// <param name="model">The model.</param>
/// <param name="maskRatio">Share of patches removed.</param>
/// <param name="choices">How the training is divided.</param>
/// <param name="pairsPerSecond">Measured speed of one GPU; null takes the arithmetic's.</param>
public sealed class ScalingModel(ClusterGpu gpu, ClusterNetwork network, ModelConfig model, double maskRatio, ScalingChoices choices, double? pairsPerSecond = null)
{
    /// <summary>Bytes of a weight that its owner moves for the update: gradient, both moments and weight read, the last three written, the gradient's norm, and the bf16 copy (6).</summary>
    public const double UpdateBytes = 38;

    /// <summary>Bytes of a weight that every GPU moves: its gradient cleared (4) and gathered (12).</summary>
    public const double PassBytes = 16;

    private const double FirstPassBytes = 44; // of a logit: product, factor, both sums of exponentials
    private const double SecondPassBytes = 64; // product, factor, both softmaxes, two products that read it
    private const double BackwardShare = 2.0 / 3;
    private const int NumbersOfAgreement = 6;

    private readonly double _parameters = ModelCost.Of(model, maskRatio).Parameters;
    private readonly double _pairSeconds = pairsPerSecond is { } speed ? 1 / speed : gpu.PairSeconds(model, maskRatio);

    /// <summary>A step.</summary>
    /// <param name="world">GPUs.</param>
    public ScalingStep Step(int world)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(world);
        var pairs = (choices.Batch + world - 1) / world;
        var towers = pairs * _pairSeconds;
        var (first, second) = (LossSeconds(pairs, 1, FirstPassBytes), LossSeconds(pairs, 3, SecondPassBytes));
        var (texts, columns) = choices.Texts == TextExchange.Ring ? Ring(pairs, world, first, second) : Gathered(world);
        var step = new ScalingStep(
            world,
            pairs,
            towers,
            first + second,
            UpdateBytes * _parameters / world / gpu.Memory,
            PassBytes * _parameters / gpu.Memory,
            texts,
            columns,
            Gradient(world, BackwardShare * towers),
            Weights(world, (1 - BackwardShare) * towers),
            network.Sum(sizeof(double) * NumbersOfAgreement, world))
        {
            Efficiency = 0,
        };
        return step with { Efficiency = Alone() / world / step.Seconds };
    }

    /// <summary>The slowest network between hosts with which an efficiency is reached, in bytes a second of each GPU's card; null if none is quick enough.</summary>
    /// <param name="world">GPUs.</param>
    /// <param name="efficiency">0 to 1.</param>
    public double? NeededBandwidth(int world, double efficiency)
    {
        const double Most = 1e13;
        double At(double bandwidth) => new ScalingModel(gpu, network with { InterBandwidth = bandwidth }, model, maskRatio, choices, pairsPerSecond).Step(world).Efficiency;
        if (At(Most) < efficiency)
        {
            return null;
        }

        var (low, high) = (1e6, Most);
        while (high / low > 1.001)
        {
            var middle = Math.Sqrt(low * high);
            (low, high) = At(middle) < efficiency ? (middle, high) : (low, middle);
        }

        return high;
    }

    /// <summary>Seconds of the whole batch on one GPU, which exchanges nothing.</summary>
    private double Alone() => (choices.Batch * _pairSeconds)
        + LossSeconds(choices.Batch, 1, FirstPassBytes) + LossSeconds(choices.Batch, 3, SecondPassBytes)
        + ((UpdateBytes + PassBytes) * _parameters / gpu.Memory);

    /// <param name="pairs">Rows of logits.</param>
    /// <param name="products">Matrix products with each.</param>
    /// <param name="bytes">Bytes moved of each logit.</param>
    private double LossSeconds(double pairs, int products, double bytes)
    {
        var logits = pairs * choices.Batch;
        return (2.0 * products * logits * model.EmbedDim / gpu.Fp32Products) + (bytes * logits / gpu.Memory);
    }

    /// <summary>Embeddings gathered, their gradients scattered; two sums over all columns.</summary>
    private (double Texts, double Columns) Gathered(int world)
    {
        var embeddings = (double)sizeof(float) * choices.Batch * model.EmbedDim;
        return (2 * network.Gather(embeddings, world), 2 * network.Sum(sizeof(float) * (double)choices.Batch, world));
    }

    /// <summary>Two rounds of blocks. The texts come while the block before is computed with; what a block gathers follows when that is done.</summary>
    private (double Texts, double Columns) Ring(int pairs, int world, double first, double second)
    {
        if (world == 1)
        {
            return (0, 0);
        }

        var block = (double)sizeof(float) * pairs * model.EmbedDim;
        var uncovered = Math.Max(0, network.Shift(block, world) - (first / world)) + Math.Max(0, network.Shift(block, world) - (second / world));
        return (world * (uncovered + network.Shift(block, world)), world * network.Shift(2.0 * sizeof(float) * pairs, world));
    }

    /// <summary>Buckets follow each other, each when its gradients are there; the last one at the end of the backward pass.</summary>
    private double Gradient(int world, double backward)
    {
        var buckets = choices.Buckets(_parameters, world);
        var bucket = network.Gather(choices.GradientBytes * _parameters / buckets, world);
        return Math.Max(bucket, (buckets * bucket) - (backward * (1 - (1 / buckets))));
    }

    private double Weights(int world, double forward)
    {
        var buckets = choices.Buckets(_parameters, world);
        var bytes = choices.WeightBytes * _parameters;
        var byBucket = buckets * network.Gather(bytes / buckets, world);
        return choices.Weights switch
        {
            WeightGather.Together => network.Gather(bytes, world),
            WeightGather.Overlapped => Math.Max(byBucket / buckets, byBucket - (forward * (1 - (1 / buckets)))),
            _ => byBucket,
        };
    }
}
