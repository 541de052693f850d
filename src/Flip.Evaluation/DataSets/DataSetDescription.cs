using System.Globalization;
using Flip.Data;
using Flip.Data.Classes;
using Flip.Data.Layouts;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;

namespace Flip.Evaluation.DataSets;

/// <summary>A data set of evaluations: what it asks, how it lies on disk, how its classes are prompted, and what others reached on it.</summary>
public sealed record DataSetDescription
{
    /// <summary>The name that commands take.</summary>
    public required string Name { get; init; }

    /// <summary>The name that tables show.</summary>
    public required string Title { get; init; }

    /// <summary>What is asked.</summary>
    public required DataSetTask Task { get; init; }

    /// <summary>The figure that is reported.</summary>
    public required Metric Metric { get; init; }

    /// <summary>The part that is measured on.</summary>
    public string Split { get; init; } = SplitNames.Test;

    /// <summary>The part that probes and fine-tuning train on.</summary>
    public string TrainSplit { get; init; } = SplitNames.Train;

    /// <summary>Images of the published split; null where there is no one split.</summary>
    public int? Images { get; init; }

    /// <summary>The classes in the order of their numbers; empty for retrieval, and where the data name them.</summary>
    public IReadOnlyList<ClassEntry> Classes { get; init; } = [];

    /// <summary>Prompts with <c>{c}</c> for the name of a class; empty for retrieval.</summary>
    public IReadOnlyList<string> Templates { get; init; } = [];

    /// <summary>Whether images of other classes than <see cref="Classes"/> are passed over.</summary>
    public bool IgnoreOtherClasses { get; init; }

    /// <summary>Whether a folder below a class's is a video, of which the middle frame is taken.</summary>
    public bool Videos { get; init; }

    /// <summary>The layouts of labelled images that are read, the first that is there; empty for retrieval.</summary>
    public IReadOnlyList<LabelledLayout> LabelledLayouts { get; init; } = [];

    /// <summary>The layouts of captioned images that are read; empty but for retrieval.</summary>
    public IReadOnlyList<CaptionedLayout> CaptionedLayouts { get; init; } = [];

    /// <summary>Published figures.</summary>
    public IReadOnlyList<ReferenceResult> Results { get; init; } = [];

    /// <summary>What a reader of the figures should know.</summary>
    public string Notes { get; init; } = "";

    /// <summary>Where the data lie, where the description says so: a full path or a pattern of shards.</summary>
    public string? Data { get; init; }

    /// <summary>The folder in which <see cref="Data"/> has to lie; null for any.</summary>
    internal string? Folder { get; init; }

    /// <summary>The layouts that are read, whatever the task.</summary>
    public IReadOnlyList<DataLayout> Layouts => [.. LabelledLayouts, .. CaptionedLayouts];

    /// <summary>Opens the labelled images.</summary>
    /// <param name="source">A folder in one of the layouts, shards, or a list; null takes <see cref="Data"/>.</param>
    /// <param name="training">Whether the training part is wanted.</param>
    /// <param name="options">What is allowed and who receives messages; null for nothing and nobody.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">No layout is there, or the classes are others.</exception>
    /// <exception cref="EvaluationDataException">A file is damaged.</exception>
    public LabelledImages OpenLabelled(
        string? source = null, bool training = false, SourceOptions? options = null, CancellationToken cancellation = default) =>
        Task != DataSetTask.Retrieval
            ? LabelledSources.Open(Source(source), Wanted(source, training, options), LabelledLayouts, cancellation)
            : throw new ConfigException($"{Name} is a data set of captions: it is for retrieval.");

    /// <summary>Opens the captioned images.</summary>
    /// <param name="source">A folder in one of the layouts, or shards; null takes <see cref="Data"/>.</param>
    /// <param name="training">Whether the training part is wanted.</param>
    /// <param name="options">What is allowed and who receives messages; null for nothing and nobody.</param>
    /// <param name="cancellation">Stops the reading.</param>
    /// <exception cref="ConfigException">No layout is there.</exception>
    /// <exception cref="EvaluationDataException">A file is damaged.</exception>
    public CaptionedImages OpenCaptioned(
        string? source = null, bool training = false, SourceOptions? options = null, CancellationToken cancellation = default) =>
        Task == DataSetTask.Retrieval
            ? CaptionedSources.Open(Source(source), Wanted(source, training, options), CaptionedLayouts, cancellation)
            : throw new ConfigException($"{Name} is a data set of classes: it has no captions to retrieve.");

    /// <summary>Refuses images on which the metric is not defined, before a model has seen them.</summary>
    /// <param name="images">What is measured on.</param>
    /// <exception cref="ConfigException">ROC-AUC without images of both of two classes, or labels of none.</exception>
    public void CheckMetric(LabelledImages images)
    {
        ArgumentNullException.ThrowIfNull(images);
        var classes = images.Labels.SelectMany(labels => labels).Distinct().Count();
        if (classes == 0 || (Metric == Metric.RocAuc && (classes != 2 || images.ClassNames.Count != 2)))
        {
            throw new ConfigException(string.Create(
                CultureInfo.InvariantCulture,
                $"{Name}: {Metric.Title()} is not defined on images of {classes} of {images.ClassNames.Count} classes{(Metric == Metric.RocAuc ? "; it needs both of two" : "")}."));
        }
    }

    /// <summary>Published figures of another method than zero-shot, as that method's own.</summary>
    /// <param name="measure">What the figures call it, such as <c>linearProbe</c>.</param>
    public IReadOnlyList<ReferenceResult> ResultsOf(string measure) =>
        [.. Results.Where(result => result.Measure == measure).Select(result => result with { Measure = null })];

    /// <summary>What is other than in the published split, in one line; null where nothing is.</summary>
    /// <param name="images">Images that were found.</param>
    public string? DifferenceFromPublished(int images) => Images is null || Images == images ? null
        : string.Create(CultureInfo.InvariantCulture, $"{Name} has {images} images here and {Images} as published: figures do not compare.");

    private string Source(string? source) => source ?? Data
        ?? throw new ConfigException($"{Name}: name the folder of its data, for the description has none.");

    private LayoutOptions Wanted(string? source, bool training, SourceOptions? options) => new()
    {
        Split = training ? TrainSplit : Split,
        Classes = Classes.Count > 0 ? new ClassTable(Classes) : null,
        PreferPublishedNames = true,
        IgnoreOtherClasses = IgnoreOtherClasses,
        SeveralLabels = Task == DataSetTask.MultiLabel,
        Videos = Videos,
        Source = source is null && Folder is { } folder ? (options ?? new()).Within(folder) : options ?? new(),
    };
}
