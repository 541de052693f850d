namespace Flip.Config;

/// <summary>
/// Training of a new head on a tower that knows something already: two learning rates. Defaults are the paper's recipe for captioning and answering questions (appendix): 20
/// epochs in batches of 256, 15 % of warm-up, a cosine.
/// </summary>
public abstract record TwoRateConfig : ImageTaskConfig
{
    /// <summary>The paper's recipe.</summary>
    protected TwoRateConfig()
    {
        Samples = Duration.OfEpochs(20);
        BatchSize = 256;
        BaseLearningRate = 1e-4;
        Warmup = Duration.OfPercent(15);
        WeightDecay = 1e-2;
        Beta2 = 0.999;
        CropMinArea = 0.5;
    }

    [Setting(SettingOwner.Recipe, "Learning rate of the towers for a batch of 256; 0 leaves them as they are.", Min = 0, Max = 1000)]
    public double TowerLearningRate { get; init; } = 1e-5;
}
