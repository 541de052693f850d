namespace Flip.Config;

/// <summary>
/// Everything that decides a run. Defaults are the paper's FLIP ViT-B/16 (masked 50 %, LAION-400M recipe); presets and
/// files are short differences from it.
/// </summary>
public sealed record FlipConfig
{
    [Setting("Towers, embedding and masking.")]
    public ModelConfig Model { get; init; } = new();

    [Setting("Image-text pairs and how they are read.")]
    public DataConfig Data { get; init; } = new();

    [Setting("Optimisation.")]
    public TrainConfig Train { get; init; } = new();

    [Setting("Evaluation during and after training.")]
    public EvalConfig Eval { get; init; } = new();
}
