namespace Flip.Config;

/// <summary>How the linear layer of a classifier begins, and what it reads.</summary>
public enum ClassifierHead
{
    /// <summary>Small random weights on the pooled feature of the tower (MAE's fine-tuning, the paper's).</summary>
    Random,

    /// <summary>Embeddings of the classes' names, scaled by the model's logit factor, on the normalised embedding of the image: before
    /// training it is the zero-shot classifier (WiSE-FT).</summary>
    ZeroShot,
}

/// <summary>
/// Fine-tuning of an image tower to a classifier. Defaults are the paper's recipe (appendix, which is MAE's); <see cref="FinetuneRecipes"/> has
/// one for small data.
/// </summary>
public sealed record FinetuneConfig : ImageTaskConfig
{
    /// <summary>The paper's recipe: 50 epochs with 5 of warm-up. The decay is of matrices only.</summary>
    public FinetuneConfig()
    {
        Samples = Duration.OfEpochs(50);
        BatchSize = 1024;
        BaseLearningRate = 5e-5;
        Warmup = Duration.OfPercent(10);
        WeightDecay = 0.05;
        Beta2 = 0.999;
        CropMinArea = 0.08;
    }

    [Setting(SettingOwner.Recipe, "Factor on the learning rate from a layer to the one below; 1 gives all layers the same.", Min = 0, Max = 1, AboveMin = true)]
    public double LayerDecay { get; init; } = 0.75;

    [Setting(SettingOwner.Recipe, "Head: random (paper), or zeroShot, which begins as the zero-shot classifier and can be interpolated with it.")]
    public ClassifierHead Head { get; init; } = ClassifierHead.Random;

    [Setting(SettingOwner.Recipe, "Prompt templates of a zeroShot head: flip7, clip80, or a file with one template a line, {c} for the name.")]
    public string Templates { get; init; } = "flip7";

    [Setting(SettingOwner.Recipe, "Share of the targets that is spread over all classes.", Min = 0, Max = 1, BelowMax = true)]
    public double LabelSmoothing { get; init; } = 0.1;

    [Setting(SettingOwner.Recipe, "Mixup: α of the Beta distribution of the shares; 0 does not mix up.", Min = 0, Max = 1000)]
    public double Mixup { get; init; } = 0.8;

    [Setting(SettingOwner.Recipe, "CutMix: α of the Beta distribution of the shares; 0 pastes nothing.", Min = 0, Max = 1000)]
    public double Cutmix { get; init; } = 1.0;

    [Setting(SettingOwner.Recipe, "Probability of a step's images being mixed.", Min = 0, Max = 1)]
    public double MixProbability { get; init; } = 1;

    [Setting(SettingOwner.Recipe, "Stochastic depth: probability of dropping a branch of the last block.", Min = 0, Max = 1, BelowMax = true)]
    public double DropPath { get; init; } = 0.2;

    [Setting(SettingOwner.Recipe, "RandAugment: changes made to an image; 0 makes none.", Min = 0, Max = 10)]
    public int RandAugment { get; init; } = 2;

    [Setting(SettingOwner.Recipe, "RandAugment: mean magnitude of a change, of 10.", Min = 0, Max = 10)]
    public double RandAugmentMagnitude { get; init; } = 9;

    [Setting(SettingOwner.Recipe, "RandAugment: standard deviation of the magnitude.", Min = 0, Max = 10)]
    public double RandAugmentDeviation { get; init; } = 0.5;

    [Setting(SettingOwner.Recipe, "Probability of erasing a rectangle of an image; MAE's fine-tuning has 0.25, the paper names none.", Min = 0, Max = 1)]
    public double Erasing { get; init; }

    [Setting(SettingOwner.Recipe, "Share of patches removed in training; the paper removes none. Images are scored whole.", Min = 0, Max = 1, BelowMax = true)]
    public double MaskRatio { get; init; }
}
