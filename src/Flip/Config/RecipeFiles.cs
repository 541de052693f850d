namespace Flip.Config;

/// <summary>The readers and writers of each task's settings.</summary>
public static class RecipeFiles
{
    /// <summary>An image tower to a classifier.</summary>
    public static RecipeFile<FinetuneConfig> Finetuning { get; } = new();

    /// <summary>An image tower to a captioner.</summary>
    public static RecipeFile<CaptionConfig> Captioning { get; } = new(
        new(["head.width", "head.heads"], c => c.Head.Width % c.Head.Heads == 0 ? null : $"must be a multiple of head.heads = {c.Head.Heads}"),
        new(["decoding.minLength", "decoding.maxLength"], c => c.Decoding.MinLength <= c.Decoding.MaxLength ? null : $"must be at most decoding.maxLength = {c.Decoding.MaxLength}"));

    /// <summary>Both towers to a model that answers questions about images.</summary>
    public static RecipeFile<AnswerConfig> Answering { get; } = new(
        new SettingRule<AnswerConfig>(["head.width", "head.heads"], c => c.Head.Width % c.Head.Heads == 0 ? null : $"must be a multiple of head.heads = {c.Head.Heads}"));

    /// <summary>The head of a captioner that is stored beside its weights.</summary>
    /// <param name="json">JSON text.</param>
    /// <param name="source">What to call the text in errors.</param>
    /// <exception cref="ConfigException">Anything is wrong; it holds every problem.</exception>
    public static CaptionHeadConfig CaptionHead(string json, string source) => Captioning.Parse($"{{\"head\":{json}}}", source).Head;
}
