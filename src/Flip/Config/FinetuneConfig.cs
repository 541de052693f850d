namespace Flip.Config;

/// <summary>
/// Fine-tuning of an image tower to a classifier. Defaults are the paper's recipe (appendix, which is MAE's); <see cref="FinetuneRecipes"/> has
/// one for small data.
/// </summary>
public sealed record FinetuneConfig
{
    [Setting("Length of training: '50 epochs', '1000 steps', or samples.")]
    public Duration Length { get; init; } = Duration.OfEpochs(50);

    [Setting("Images of a step.", Min = 1)]
    public int BatchSize { get; init; } = 1024;

    [Setting("Images computed at a time; the step is the same, in less memory (gradients are added up). 0 takes the whole batch.", Min = 0)]
    public int MicroBatch { get; init; }

    [Setting("Blocks of the tower of which only the input is kept, the rest being computed again in the backward pass. 0 keeps all.", Min = 0)]
    public int CheckpointBlocks { get; init; }

    [Setting("Learning rate for a batch of 256; the rate of the head is this × batchSize / 256.", Min = 0)]
    public double BaseLearningRate { get; init; } = 5e-5;

    [Setting("Factor on the learning rate from a layer to the one below; 1 gives all layers the same.", Min = 0, Max = 1, AboveMin = true)]
    public double LayerDecay { get; init; } = 0.75;

    [Setting("Linear warm-up from 0: epochs, steps, samples, or '5%' of the training.")]
    public Duration Warmup { get; init; } = Duration.OfPercent(10); // 5 of 50 epochs

    [Setting("AdamW's decoupled weight decay, of matrices only.", Min = 0)]
    public double WeightDecay { get; init; } = 0.05;

    [Setting("AdamW's decay of the first moment.", Min = 0, Max = 1, BelowMax = true)]
    public double Beta1 { get; init; } = 0.9;

    [Setting("AdamW's decay of the second moment.", Min = 0, Max = 1, BelowMax = true)]
    public double Beta2 { get; init; } = 0.999;

    [Setting("AdamW's epsilon.", Min = 0, AboveMin = true)]
    public double Eps { get; init; } = 1e-8;

    [Setting("Largest norm of the whole gradient; 0 does not clip (paper).", Min = 0)]
    public double GradientClip { get; init; }

    [Setting("Decay of the moving average of weights per step, for example 0.9999; 0 keeps none (paper).", Min = 0, Max = 1, BelowMax = true)]
    public double WeightEma { get; init; }

    [Setting("Head: random (paper), or zeroShot, which begins as the zero-shot classifier and can be interpolated with it.")]
    public Models.ClassifierHead Head { get; init; } = Models.ClassifierHead.Random;

    [Setting("Prompt templates of a zeroShot head: flip7, clip80, or a file with one template a line, {c} for the name.")]
    public string Templates { get; init; } = "flip7";

    [Setting("Share of the targets that is spread over all classes.", Min = 0, Max = 1, BelowMax = true)]
    public double LabelSmoothing { get; init; } = 0.1;

    [Setting("Mixup: α of the Beta distribution of the shares; 0 does not mix up.", Min = 0)]
    public double Mixup { get; init; } = 0.8;

    [Setting("CutMix: α of the Beta distribution of the shares; 0 pastes nothing.", Min = 0)]
    public double Cutmix { get; init; } = 1.0;

    [Setting("Probability of a step's images being mixed.", Min = 0, Max = 1)]
    public double MixProbability { get; init; } = 1;

    [Setting("Stochastic depth: probability of dropping a branch of the last block.", Min = 0, Max = 1, BelowMax = true)]
    public double DropPath { get; init; } = 0.2;

    [Setting("RandAugment: changes made to an image; 0 makes none.", Min = 0, Max = 10)]
    public int RandAugment { get; init; } = 2;

    [Setting("RandAugment: mean magnitude of a change, of 10.", Min = 0, Max = 10)]
    public double RandAugmentMagnitude { get; init; } = 9;

    [Setting("RandAugment: standard deviation of the magnitude.", Min = 0)]
    public double RandAugmentDeviation { get; init; } = 0.5;

    [Setting("Probability of erasing a rectangle of an image; MAE's fine-tuning has 0.25, the paper names none.", Min = 0, Max = 1)]
    public double Erasing { get; init; }

    [Setting("Smallest share of an image's area that a training crop takes.", Min = 0, Max = 1, AboveMin = true)]
    public double CropMinArea { get; init; } = 0.08;

    [Setting("Probability of a horizontal flip.", Min = 0, Max = 1)]
    public double FlipProbability { get; init; } = 0.5;

    [Setting("Share of patches removed in training; the paper removes none. Images are scored whole.", Min = 0, Max = 1, BelowMax = true)]
    public double MaskRatio { get; init; }

    [Setting("Number format of the tower: auto, fp32 or bf16.")]
    public Precision Precision { get; init; } = Precision.Auto;

    [Setting("Device: cpu, cuda or cuda:N.")]
    public string Device { get; init; } = "cpu";

    [Setting("Compute threads; 0 takes the processor count.", Min = 0)]
    public int Threads { get; init; }

    [Setting("Seed of the head, order, crops, changes, mixes and dropped branches.", Min = 0)]
    public long Seed { get; init; }

    [Setting("Distance between checkpoints.")]
    public Duration CheckpointEvery { get; init; } = Duration.OfPercent(10);

    [Setting("Checkpoints kept, the newest, at least 2: a checkpoint is known to be good when a step from it is finite. 0 keeps all.", Min = 0)]
    public int KeepCheckpoints { get; init; } = 2;

    [Setting("Distance between log lines.")]
    public Duration LogEvery { get; init; } = Duration.OfSteps(10);

    [Setting("Distance between evaluations in training; null evaluates at the end only.")]
    public Duration? EvaluateEvery { get; init; }

    [Setting("Images scored at a time.", Min = 1)]
    public int EvalBatchSize { get; init; } = 64;

    [Setting("Decoding threads; 0 takes the processor count.", Min = 0)]
    public int Workers { get; init; }

    [Setting("Batches decoded ahead of the training step.", Min = 1)]
    public int PrefetchBatches { get; init; } = 2;

    [Setting("Share of unreadable images above which the run stops.", Min = 0, Max = 1)]
    public double MaxBadShare { get; init; } = 0.1;

    /// <summary>Those of the settings that every training has; the loss is not among them.</summary>
    public TrainConfig ToTraining() => new()
    {
        Samples = Length,
        BatchSize = BatchSize,
        MicroBatch = MicroBatch,
        CheckpointBlocks = CheckpointBlocks,
        BaseLearningRate = BaseLearningRate,
        Warmup = Warmup,
        WeightDecay = WeightDecay,
        Beta1 = Beta1,
        Beta2 = Beta2,
        Eps = Eps,
        GradientClip = GradientClip,
        WeightEma = WeightEma,
        Precision = Precision,
        Device = Device,
        Threads = Threads,
        Seed = Seed,
        CheckpointEvery = CheckpointEvery,
        KeepCheckpoints = KeepCheckpoints,
        LogEvery = LogEvery,
    };
}
