namespace Flip.Config;

/// <summary>
/// Everything that decides a run. Defaults are the paper's FLIP ViT-B/16 (masked 50 %, LAION-400M recipe); presets and
/// files are short differences from it.
/// </summary>
public sealed record FlipConfig
{
    [SettingGroup("Towers, embedding and masking.")]
    public ModelConfig Model { get; init; } = new();

    [SettingGroup("Image-text pairs and how they are read.")]
    public DataConfig Data { get; init; } = new();

    [SettingGroup("Optimisation.")]
    public TrainConfig Train { get; init; } = new();

    [SettingGroup("Evaluation during and after training.")]
    public EvalConfig Eval { get; init; } = new();
}
