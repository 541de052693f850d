namespace Flip.Config;

/// <summary>The readers and writers of each task's settings.</summary>
public static class RecipeFiles
{
    /// <summary>An image tower to a classifier.</summary>
    public static RecipeFile<FinetuneConfig> Finetuning { get; } = OfTask<FinetuneConfig>();

    /// <summary>An image tower to a captioner.</summary>
    public static RecipeFile<CaptionConfig> Captioning { get; } = OfTask<CaptionConfig>(
        new(["head.width", "head.heads"], c => InHeads(c.Head.Width, c.Head.Heads, "head.heads")),
        new(["decoding.minLength", "decoding.maxLength"], c => c.Decoding.MinLength <= c.Decoding.MaxLength ? null : $"must be at most decoding.maxLength = {c.Decoding.MaxLength}"));

    /// <summary>Both towers to a model that answers questions about images.</summary>
    public static RecipeFile<AnswerConfig> Answering { get; } = OfTask<AnswerConfig>(
        new SettingRule<AnswerConfig>(["head.width", "head.heads"], c => InHeads(c.Head.Width, c.Head.Heads, "head.heads")));

    /// <summary>What is put on a tower to make a captioner, as it is stored beside the weights.</summary>
    public static RecipeFile<CaptionHeadConfig> CaptionHead { get; } = new(_ => [new(["width", "heads"], c => InHeads(c.Width, c.Heads, "heads"))]);

    private static RecipeFile<TConfig> OfTask<TConfig>(params SettingRule<TConfig>[] rules)
        where TConfig : ImageTaskConfig, new() => new(catalog =>
        [
            .. OptimizationRules.Of<TConfig>(catalog, string.Empty, c => c),
            new(["evaluateEvery"], c => c.EvaluateEvery is not { Value: <= 0 } ? null : "must be above 0, or null"),
            .. rules,
        ]);

    private static string? InHeads(int width, int heads, string key) => width % heads == 0 ? null : $"must be a multiple of {key} = {heads}";
}
