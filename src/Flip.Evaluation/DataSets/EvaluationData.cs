using Flip.Data;
using Flip.Evaluation.ZeroShot;
using Flip.Tokenizers;

namespace Flip.Evaluation.DataSets;

/// <summary>A data set that is opened for an evaluation: labelled images with the prompts of their classes, or captioned images.</summary>
public sealed record EvaluationData
{
    private EvaluationData(DataSetDescription set) => Set = set;

    /// <summary>What is measured.</summary>
    public DataSetDescription Set { get; }

    /// <summary>The images with their classes; null for retrieval.</summary>
    public LabelledImages? Labelled { get; private init; }

    /// <summary>The images with their captions; null for classification.</summary>
    public CaptionedImages? Captioned { get; private init; }

    /// <summary>The texts of each class, in the order of the labels; null for retrieval.</summary>
    public ClassPrompts? Prompts { get; private init; }

    /// <summary>What the prompts are called in results.</summary>
    public string PromptsDescription { get; private init; } = "none";

    /// <summary>The images.</summary>
    public IImageSource Images => Labelled?.Images ?? Captioned!.Images;

    /// <summary>Opens a data set and finds what is wrong with it, before a model is needed.</summary>
    /// <param name="written">The data set.</param>
    /// <param name="prompts">What is said of each class.</param>
    /// <param name="options">What is allowed, and who receives messages.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">There are no such data, their classes have no names, or the metric is not defined on them.</exception>
    /// <exception cref="EvaluationDataException">A file is damaged.</exception>
    public static EvaluationData Open(WrittenDataSet written, PromptChoice prompts, SourceOptions options, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(written);
        ArgumentNullException.ThrowIfNull(prompts);
        ArgumentNullException.ThrowIfNull(options);
        var set = written.Set;
        if (set.Task == DataSetTask.Retrieval)
        {
            return Of(set, set.OpenCaptioned(written.Source, options: options, cancellation: cancellation));
        }

        var labelled = set.OpenLabelled(written.Source, options: options, cancellation: cancellation);
        LabelledData.CheckNamed(labelled.ClassNames, written.Source ?? set.Name);
        LabelledData.SayAlike(labelled.ClassNames, set.Name, options.Say ?? (_ => { }));
        set.CheckMetric(labelled);
        var (texts, description) = prompts.Of(set, labelled.ClassNames);
        return Of(set, labelled, texts) with { PromptsDescription = description };
    }

    /// <summary>Labelled images that are open already.</summary>
    /// <param name="set">What is measured.</param>
    /// <param name="images">The images.</param>
    /// <param name="prompts">The texts of each class, in the order of the labels.</param>
    public static EvaluationData Of(DataSetDescription set, LabelledImages images, ClassPrompts prompts) => new(set) { Labelled = images, Prompts = prompts };

    /// <summary>Captioned images that are open already.</summary>
    /// <param name="set">What is measured.</param>
    /// <param name="images">The images.</param>
    public static EvaluationData Of(DataSetDescription set, CaptionedImages images) => new(set) { Captioned = images };

    /// <summary>Warns of classes that a model's words cannot tell apart. The results have it too; before hours of embedding it can be mended.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    /// <param name="length">Tokens of the model's texts.</param>
    /// <param name="say">Receives the warning.</param>
    internal void SayRepeated(ITokenizer tokenizer, int length, Action<string> say)
    {
        if (Prompts?.NoteOfRepeated(tokenizer, length, Labelled!.Labels.SelectMany(labels => labels)) is { } note)
        {
            say($"Warning: {Set.Name}: {note}");
        }
    }
}
