namespace Flip.Config;

/// <summary>What every training has that begins with the image tower of a model: how images are read, and when they are measured.</summary>
public abstract record ImageTaskConfig : OptimizationConfig
{
    [Setting(SettingOwner.Recipe, "Smallest share of an image's area that a training crop takes.", Min = 0, Max = 1, AboveMin = true)]
    public double CropMinArea { get; init; }

    [Setting(SettingOwner.Recipe, "Probability of a horizontal flip.", Min = 0, Max = 1)]
    public double FlipProbability { get; init; } = 0.5;

    [Setting(SettingOwner.User, "Distance between evaluations in training; null evaluates at the end only.")]
    public Duration? EvaluateEvery { get; init; }

    [Setting(SettingOwner.User, "Images evaluated at a time; null takes 64 on the processor, and on a GPU what an eighth of its memory holds, at most 1024.", Min = 1, Max = Limits.EvaluationBatch)]
    public int? EvalBatchSize { get; init; }

    [Setting(SettingOwner.User, "Decoding threads; 0 takes the processor count.", Min = 0, Max = Limits.Threads)]
    public int Workers { get; init; }

    [Setting(SettingOwner.User, "Batches decoded ahead of the training step.", Min = 1, Max = Limits.PrefetchBatches)]
    public int PrefetchBatches { get; init; } = 2;

    [Setting(SettingOwner.User, "Share of unreadable samples above which the run stops.", Min = 0, Max = 1)]
    public double MaxBadShare { get; init; } = 0.1;
}
