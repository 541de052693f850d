using Flip.Config;
using Flip.Conversion;
using Flip.Devices;
using Flip.Models;
using Flip.Serving;
using Flip.Tasks.Answering;
using Flip.Tasks.Captioning;
using Flip.Tasks.Finetuning;

namespace Flip.Server.Models;

/// <summary>Opens what can be served: a model of any format, or a classifier, a captioner or a model that answers questions.</summary>
public static class ServedModels
{
    /// <summary>Opens a model and reads its weights.</summary>
    /// <param name="path">A folder, a run, or a file of weights.</param>
    /// <param name="name">What requests call it; null takes the last part of the path.</param>
    /// <param name="sets">Settings of the user, <c>key=value</c>: device, precision, threads, <c>eval.batchSize</c>.</param>
    /// <param name="say">Receives what had to be assumed of a foreign model, a sentence each; null for nobody.</param>
    /// <exception cref="FlipException">There is no model, a damaged one, or a setting is wrong.</exception>
    public static ServedModel Open(string path, string? name = null, IReadOnlyList<string>? sets = null, Action<string>? say = null)
    {
        ArgumentNullException.ThrowIfNull(path);
        name ??= NameOf(path);
        sets ??= [];
        if (ClassifierFolder.IsClassifier(path))
        {
            return OfClassifier(path, name, Settings(sets));
        }

        if (CaptionerFolder.IsCaptioner(path))
        {
            return OfCaptioner(path, name, Settings(sets));
        }

        if (AnswererFolder.IsAnswerer(path))
        {
            return OfAnswerer(path, name, Settings(sets));
        }

        var loaded = ModelSource.Load(path, sets, say);
        try
        {
            Compute.UseThreads(loaded.Config.Train);
            return ServedModel.Of(loaded, name);
        }
        catch
        {
            loaded.Dispose();
            throw;
        }
    }

    /// <summary>The name of a model: the last part of its path; of the folder of a run's model, the run's.</summary>
    public static string NameOf(string path)
    {
        var full = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        var last = Path.GetFileName(full);
        return last is "model" or "" && Path.GetFileName(Path.GetDirectoryName(full)) is { Length: > 0 } above ? above : last is "" ? "model" : last;
    }

    /// <summary>Where and in which number format what stands on a tower computes.</summary>
    private static FlipConfig Settings(IReadOnlyList<string> sets)
    {
        var plain = new FlipConfig();
        var config = ConfigReader.Overlay(plain, sets);
        Compute.UseThreads(config.Train);
        return config.Model == plain.Model ? config : throw new ConfigException("A finished model is used as it is: settings of model.* belong to its training.");
    }

    private static ServedModel OfClassifier(string path, string name, FlipConfig settings)
    {
        var compute = Compute.Of(settings.Train);
        var loaded = ClassifierFolder.Load(path, compute);
        return new ServedModel(name, loaded.Config, ModelMemory.EncodingBatch(loaded.Config.Model, compute, settings.Eval.BatchSize), loaded)
        {
            Classifier = new ClassScorer(loaded),
        };
    }

    private static ServedModel OfCaptioner(string path, string name, FlipConfig settings)
    {
        var compute = Compute.Of(settings.Train);
        var loaded = CaptionerFolder.Load(path, compute);
        return new ServedModel(name, loaded.Config, ModelMemory.EncodingBatch(loaded.Config.Model, compute, settings.Eval.BatchSize), loaded)
        {
            Captions = new CaptionSource(loaded),
        };
    }

    private static ServedModel OfAnswerer(string path, string name, FlipConfig settings)
    {
        var compute = Compute.Of(settings.Train);
        var loaded = AnswererFolder.Load(path, compute);
        var batchSize = ModelMemory.EncodingBatch(loaded.Config.Model, compute, settings.Eval.BatchSize);
        return new ServedModel(name, loaded.Config, batchSize, loaded)
        {
            Answers = new AnswerSource(loaded, batchSize),
        };
    }
}
