using Flip.Config;

namespace Flip.Cli.Benchmarking.Scaling;

/// <summary>When the ranks give each other the weights that they updated.</summary>
public enum WeightGather
{
    /// <summary>After the update, bucket by bucket, as Flip does.</summary>
    Bucket,

    /// <summary>After the update, all in one operation.</summary>
    Together,

    /// <summary>While the next step's forward pass begins.</summary>
    Overlapped,
}

/// <summary>How a training is divided. The defaults are what Flip does.</summary>
/// <param name="Batch">Pairs of a step, of all GPUs together.</param>
/// <param name="Texts">How each GPU gets the other texts' embeddings.</param>
public sealed record ScalingChoices(int Batch, TextExchange Texts = TextExchange.Gather)
{
    private const int FewestBuckets = 16; // these three as ParameterShards has them
    private const double UsualBucket = 1 << 24;
    private const int RanksOfUsualBucket = 32;

    /// <summary>Bytes of a bucket of gradients, fp32; null for what Flip takes, which grows with the ranks.</summary>
    public double? BucketBytes { get; init; }

    /// <summary>When weights are gathered.</summary>
    public WeightGather Weights { get; init; } = WeightGather.Bucket;

    /// <summary>Bytes of a weight that is gathered: 2 in bf16, 4 in fp32.</summary>
    public int WeightBytes { get; init; } = 2;

    /// <summary>Bytes of a number of a gradient that is summed: 4, or 2 for bf16.</summary>
    public int GradientBytes { get; init; } = 4;

    /// <summary>Number of buckets.</summary>
    /// <param name="parameters">Numbers that the model holds.</param>
    /// <param name="world">GPUs.</param>
    public double Buckets(double parameters, int world)
    {
        var bytes = BucketBytes ?? UsualBucket * Math.Max(1, world / RanksOfUsualBucket);
        return Math.Ceiling(parameters / Math.Min(bytes / 4, parameters / FewestBuckets));
    }
}
