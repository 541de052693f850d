namespace Flip.Config;

/// <summary>
/// Training of a model that answers questions about images, on both towers of a model; defaults are the paper's recipe. Images are not mirrored: questions ask for left and
/// right.
/// </summary>
public sealed record AnswerConfig : TwoRateConfig
{
    /// <summary>The paper's recipe.</summary>
    public AnswerConfig() => FlipProbability = 0;

    [Setting(SettingOwner.Recipe, "The baseline: the same model, which sees the mean colour instead of every image. What it reaches can be had from the questions alone.")]
    public bool QuestionOnly { get; init; }

    [Setting(SettingOwner.Recipe, "How many questions an answer must be the most frequent answer of, to be among those that the model can give.", Min = 1, Max = 1_000_000)]
    public int LeastAnswers { get; init; } = 9;

    /// <summary>What is put on the towers.</summary>
    public AnswerHeadConfig Head { get; init; } = new();
}

/// <summary>The blocks over the tokens of both towers; defaults are the paper's.</summary>
public sealed record AnswerHeadConfig
{
    [Setting(SettingOwner.Model, "Width of the tokens in the blocks over both towers; what scores the answers is twice as wide.", Min = 1, Max = Limits.Width)]
    public int Width { get; init; } = 768;

    [Setting(SettingOwner.Model, "Attention heads of these blocks.", Min = 1, Max = Limits.Heads)]
    public int Heads { get; init; } = 12;

    [Setting(SettingOwner.Model, "How many of these blocks there are.", Min = 1, Max = Limits.Depth)]
    public int Depth { get; init; } = 4;
}
