using Flip.Cli.Commands;
using Flip.Cli.Reporting;
using Flip.Config;
using Flip.Data.Formats;
using Flip.Data.Loading;
using Flip.Data.Sources;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Reports;
using Flip.Evaluation.ZeroShot;
using Flip.Io;
using Flip.Models;
using Flip.Training;

namespace Flip.Cli.Runs;

/// <summary>Measures a model on data sets and writes a folder of results.</summary>
/// <param name="request">What is asked for.</param>
/// <param name="view">Shows the progress.</param>
internal sealed class EvaluationRun(EvaluationRequest request, ConsoleProgress view)
{
    public (EvaluationHeader Header, IReadOnlyList<EvaluatedSet> Sets) Run(CancellationToken cancellation)
    {
        // Everything that can be wrong about the data is told before the model is loaded.
        var named = request.On.SelectMany(written => EvaluatedData.Of(written, request.DataRoot, request.Classes, view.Message, request.AllowOutside)).ToList();
        CheckPlaces();
        var data = EvaluatedData.Distinct(named).Select(item => Open(item, cancellation)).ToList();
        using var loaded = ModelArgument.Load(request.Model, stored => ConfigReader.Overlay(stored, request.Settings));
        var weights = WeightFile.Hash(loaded.Model.Parameters);
        request.Mask.Encoder(loaded); // an impossible mask is refused before any work
        var evaluator = new DataSetEvaluator(
            images => Features(loaded, weights, images, cancellation),
            new InferenceEncoder(loaded.Model),
            loaded.Tokenizer,
            loaded.Config.Eval.BatchSize,
            new ClassifierCache(request.Cache, new Dictionary<string, string>(ItemEncoders.TextSettings(loaded)) { ["weights"] = weights }, view.Message),
            request.Samples);
        data.ForEach(item => SayRepeated(item, loaded));
        var evaluated = data.ConvertAll(item => Evaluate(evaluator, item, cancellation));
        var header = Header(request.Model, loaded, weights, request.Mask, request.Prompts ?? request.Templates ?? "of each data set");
        if (request.Out is { } folder)
        {
            ResultsFolder.Write(folder, header, evaluated);
        }

        return (header, evaluated);
    }

    /// <summary>What would else be found out at the end.</summary>
    private void CheckPlaces()
    {
        Bootstrap.CheckSamples(request.Samples);
        OutputPlace.CheckFolder(request.Cache, "--cache");
        if (request.Out is { } folder)
        {
            ResultsFolder.Check(folder, "--out");
        }
    }

    private OpenedData Open(EvaluatedData item, CancellationToken cancellation)
    {
        var options = IndexingProgress.Sources(view.Message, request.AllowMissing, request.AllowOutside);
        if (item.Set.Task == DataSetTask.Retrieval)
        {
            return new OpenedData(item.Set, null, item.Set.OpenCaptioned(item.Source, options: options, cancellation: cancellation), null, "none");
        }

        var labelled = item.Set.OpenLabelled(item.Source, options: options, cancellation: cancellation);
        LabelledData.CheckNamed(labelled.ClassNames, item.Source ?? item.Set.Name);
        LabelledData.SayAlike(labelled.ClassNames, item.Set.Name, view.Message);
        item.Set.CheckMetric(labelled);
        var (prompts, described) = Prompts(item.Set, labelled.ClassNames);
        return new OpenedData(item.Set, labelled, null, prompts, described);
    }

    private (ClassPrompts Prompts, string Described) Prompts(DataSetDescription set, IReadOnlyList<string> classNames)
    {
        if (request.Prompts is { } file)
        {
            return (ClassPrompts.OfFile(file, classNames), Path.GetFileName(file));
        }

        return request.Templates is { } named
            ? (ClassPrompts.OfTemplates(classNames, ClassTemplates.Load(named)), Path.GetFileName(named))
            : set.Templates.Count > 0
            ? (ClassPrompts.OfTemplates(classNames, set.Templates), $"{set.Templates.Count} of the data set's description")
            : (ClassPrompts.OfTemplates(classNames, ClassTemplates.Flip7), "flip7");
    }

    /// <summary>The results have it too; before hours of embedding it can be mended.</summary>
    private void SayRepeated(OpenedData item, LoadedModel loaded)
    {
        var labels = item.Labelled?.Labels.SelectMany(labels => labels) ?? [];
        if (item.Prompts?.NoteOfRepeated(loaded.Tokenizer, loaded.Config.Model.Text.Length, labels) is { } note)
        {
            view.Message($"Warning: {item.Set.Name}: {note}");
        }
    }

    private EvaluatedSet Evaluate(DataSetEvaluator evaluator, OpenedData item, CancellationToken cancellation)
    {
        view.Message($"{item.Set.Title}: {(item.Labelled?.Images ?? item.Captioned!.Images).Count:N0} images.");
        var settings = new Dictionary<string, string> { ["prompts"] = item.Described };
        return item.Labelled is { } labelled
            ? evaluator.Classify(item.Set, labelled, item.Prompts!, settings, cancellation)
            : evaluator.Retrieve(item.Set, item.Captioned!, settings, cancellation);
    }

    private FeatureSet Features(LoadedModel loaded, string weights, IImageSource images, CancellationToken cancellation)
    {
        var (items, manifest) = ItemEncoders.Features(loaded, weights, request.Mask, FeatureKind.Embedding, images, request.AllowMissing);
        return new FeatureCache(request.Cache, view.Message).Read(
            items, manifest, request.AllowMissing, new ItemMeter(view, "embed", items.Kind, items.Count).Report, cancellation);
    }

    /// <summary>What the numbers of a model depend on; the method is zero-shot unless it is changed.</summary>
    public static EvaluationHeader Header(string model, LoadedModel loaded, string weights, MaskChoice mask, string prompts) => new(
        UnicodeName.Shown(model),
        weights,
        ItemEncoders.ConfigurationHash(loaded.Config),
        "zero-shot",
        ItemEncoders.Describe(mask, loaded.Config),
        UnicodeName.Shown(prompts),
        loaded.Config.Eval.TransformName());

    /// <summary>A data set that is there.</summary>
    private sealed record OpenedData(
        DataSetDescription Set, LabelledImages? Labelled, CaptionedImages? Captioned, ClassPrompts? Prompts, string Described);
}
