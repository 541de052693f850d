namespace Flip.Config;

/// <summary>
/// Everything that decides a run. Defaults are the paper's FLIP ViT-B/16 (masked 50 %, LAION-400M recipe); presets and
/// files are short differences from it.
/// </summary>
public sealed record FlipConfig
{
    /// <summary>Towers, embedding and masking.</summary>
    public ModelConfig Model { get; init; } = new();

    /// <summary>Image-text pairs and how they are read.</summary>
    public DataConfig Data { get; init; } = new();

    /// <summary>Optimisation.</summary>
    public TrainConfig Train { get; init; } = new();

    /// <summary>Evaluation during and after training.</summary>
    public EvalConfig Eval { get; init; } = new();
}
