namespace Flip.Config;

/// <summary>Learning rate over training.</summary>
public enum ScheduleKind
{
    /// <summary>Linear warm-up from 0, then half a cosine to 0.</summary>
    Cosine,

    /// <summary>Linear warm-up, constant, then linear cool-down to 0.</summary>
    ConstantCooldown,
}

/// <summary>Number format of the towers' products; master weights, statistics and loss are always fp32.</summary>
public enum Precision
{
    /// <summary>bf16 where the processor has it, else fp32.</summary>
    Auto,

    /// <summary>32-bit floating point.</summary>
    Fp32,

    /// <summary>bfloat16.</summary>
    Bf16,
}

/// <summary>What every training has, whatever its task: length, batch, AdamW, schedule, where it runs, and what it leaves on the way.</summary>
public abstract record OptimizationConfig
{
    [Setting(SettingOwner.Recipe, "Length of training: samples, or '1000 steps', '32 epochs'.")]
    public Duration Samples { get; init; }

    [Setting(SettingOwner.Recipe, "Samples of a step. Pairs are contrasted with all others of their step.", Min = 1, Max = Limits.TrainingBatch)]
    public int BatchSize { get; init; }

    [Setting(SettingOwner.User, "Samples computed at a time; the step is the same, in less memory (of pairs by GradCache). 0 takes the whole batch, or equal parts that fit in the memory of the device.", Min = 0, Max = Limits.TrainingBatch)]
    public int MicroBatch { get; init; }

    [Setting(SettingOwner.User, "Where ranks share a training: each keeps the moments of a part of the weights and updates that part (ZeRO-1). Off, every rank has all of them; the step is the same.")]
    public bool ShardOptimizer { get; init; } = true;

    [Setting(SettingOwner.User, "Blocks of a tower of which only the input is kept, the rest being computed again in the backward pass: 1 takes the least memory. 0 keeps all.", Min = 0, Max = Limits.Depth)]
    public int CheckpointBlocks { get; init; }

    [Setting(SettingOwner.Recipe, "Learning rate for a batch of 256; the rate is this × batchSize / 256.", Min = 0, Max = 1000)]
    public double BaseLearningRate { get; init; }

    [Setting(SettingOwner.Recipe, "Linear warm-up from 0: samples, steps, epochs, or '5%' of the training.")]
    public Duration Warmup { get; init; }

    [Setting(SettingOwner.Recipe, "Schedule of the learning rate: cosine or constantCooldown.")]
    public ScheduleKind Schedule { get; init; } = ScheduleKind.Cosine;

    [Setting(SettingOwner.Recipe, "Linear cool-down to 0 at the end, for constantCooldown.")]
    public Duration Cooldown { get; init; } = Duration.OfPercent(20);

    [Setting(SettingOwner.Recipe, "AdamW's decoupled weight decay.", Min = 0, Max = 1000)]
    public double WeightDecay { get; init; }

    [Setting(SettingOwner.Recipe, "AdamW's decay of the first moment.", Min = 0, Max = 1, BelowMax = true)]
    public double Beta1 { get; init; } = 0.9;

    [Setting(SettingOwner.Recipe, "AdamW's decay of the second moment.", Min = 0, Max = 1, BelowMax = true)]
    public double Beta2 { get; init; }

    [Setting(SettingOwner.Recipe, "AdamW's epsilon.", Min = 0, Max = 1, AboveMin = true)]
    public double Eps { get; init; } = 1e-8;

    [Setting(SettingOwner.Recipe, "Largest norm of the whole gradient; 0 does not clip (paper).", Min = 0, Max = 1e9)]
    public double GradientClip { get; init; }

    [Setting(SettingOwner.Recipe, "Decay of the moving average of weights per step, for example 0.9999; 0 keeps none (paper).", Min = 0, Max = 1, BelowMax = true)]
    public double WeightEma { get; init; }

    [Setting(SettingOwner.User, "Number format of the towers: auto, fp32 or bf16.")]
    public Precision Precision { get; init; } = Precision.Auto;

    [Setting(SettingOwner.User, "Device: cpu, cuda, cuda:N, or auto for the first GPU that libtorch sees and else the processor.")]
    public string Device { get; init; } = "auto";

    [Setting(SettingOwner.User, "Compute threads; 0 takes the processor count.", Min = 0, Max = Limits.Threads)]
    public int Threads { get; init; }

    [Setting(SettingOwner.Recipe, "Seed of new weights, order, crops, masks and all other draws.", Min = 0, Max = long.MaxValue)]
    public long Seed { get; init; }

    [Setting(SettingOwner.User, "Distance between checkpoints, by what was learnt.")]
    public Duration CheckpointEvery { get; init; } = Duration.OfPercent(10);

    [Setting(SettingOwner.User, "Minutes after which a checkpoint is written, if train.checkpointEvery has not brought one meanwhile: the most that a stop can cost. 0 has no such time.", Min = 0, Max = Limits.Minutes)]
    public double CheckpointMinutes { get; init; }

    [Setting(SettingOwner.User, "Checkpoints kept, the newest, at least 2: a checkpoint is known to be good when a step from it is finite. 0 keeps all.", Min = 0, Max = 1_000_000)]
    public int KeepCheckpoints { get; init; } = 2;

    [Setting(SettingOwner.User, "Distance between checkpoints that are kept for good, such as '10%' or '1 epochs'; 0 keeps none so.")]
    public Duration KeepEvery { get; init; }

    [Setting(SettingOwner.User, "Distance between log lines.")]
    public Duration LogEvery { get; init; } = Duration.OfSteps(10);
}
