namespace Flip.Config;

/// <summary>The loss that joins the towers.</summary>
public enum LossKind
{
    /// <summary>Symmetric InfoNCE over the whole batch (CLIP, FLIP).</summary>
    InfoNce,

    /// <summary>Pairwise sigmoid loss (SigLIP).</summary>
    Sigmoid,
}

/// <summary>How the ranks that share a batch contrast their images with all texts.</summary>
public enum TextExchange
{
    /// <summary>Every rank gets the embeddings of all texts: the fewest bytes sent.</summary>
    Gather,

    /// <summary>Blocks of texts go around the ranks, and no rank holds all: the least memory.</summary>
    Ring,
}

/// <summary>Optimisation of the two towers (defaults: the paper's, LAION-400M).</summary>
public sealed record TrainConfig : OptimizationConfig
{
    /// <summary>The paper's recipe.</summary>
    public TrainConfig()
    {
        Samples = Duration.OfSamples(12_800_000_000);
        BatchSize = 32768;
        BaseLearningRate = 4e-6;
        Warmup = Duration.OfSamples(51_200_000);
        WeightDecay = 0.2;
        Beta2 = 0.95;
    }

    [Setting(SettingOwner.Model, "Loss: infoNce or sigmoid.")]
    public LossKind Loss { get; init; } = LossKind.InfoNce;

    [Setting(SettingOwner.User, "Rows of the logits computed at a time; the loss is the same, in less memory. 0 takes all of them up to a batch of 4096, fewer above.", Min = 0, Max = Limits.TrainingBatch)]
    public int LossChunk { get; init; }

    [Setting(SettingOwner.User, "Where ranks share a batch: gather gives each all texts' embeddings, ring passes them around in blocks, in less memory. The loss is the same.")]
    public TextExchange TextExchange { get; init; } = TextExchange.Gather;
}
