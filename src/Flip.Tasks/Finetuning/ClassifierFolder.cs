using System.Text.Json;
using Flip.Config;
using Flip.Devices;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using Flip.Tasks.ImageTasks;
using Flip.Training;

namespace Flip.Tasks.Finetuning;

/// <summary>A classifier with all it needs to be used.</summary>
/// <param name="Config">The configuration of the model whose tower it has.</param>
/// <param name="ClassNames">Names in the order of the scores.</param>
/// <param name="Classifier">Tower, head and weights.</param>
public sealed record LoadedClassifier(FlipConfig Config, IReadOnlyList<string> ClassNames, ImageClassifier Classifier) : IDisposable
{
    /// <inheritdoc/>
    public void Dispose() => Classifier.Dispose();
}

/// <summary>
/// A classifier on disk: <c>classifier.safetensors</c>, <c>config.json</c> (of the model whose tower it has) and <c>classes.json</c> (names, and
/// what the head reads) in one folder. A run's folder stands for the classifier in its <c>model/</c>.
/// </summary>
public static class ClassifierFolder
{
    /// <summary>Name of the weights' file.</summary>
    public const string WeightsFile = "classifier.safetensors";

    /// <summary>Name of the configuration's file.</summary>
    public const string ConfigFile = "config.json";

    /// <summary>Name of the classes' file, which is also one of class names.</summary>
    public const string ClassesFile = "classes.json";

    /// <summary>Folder of the finished classifier in a run.</summary>
    public const string InRun = "model";

    /// <summary>Folder of the classifier before training in a run.</summary>
    public const string StartInRun = RunFolder.StartInRun;

    private static readonly HeadFolder Folder = new(WeightsFile, "classifier", ConfigFile, ClassesFile);

    /// <summary>Writes a classifier's folder; the weights come last, so that a folder with weights is whole.</summary>
    public static void Save(string folder, FlipConfig config, IReadOnlyList<string> classNames, ImageClassifier classifier)
    {
        Directory.CreateDirectory(folder);
        AtomicFile.WriteText(Path.Combine(folder, ConfigFile), ConfigWriter.ToJson(config));
        AtomicFile.WriteText(
            Path.Combine(folder, ClassesFile), JsonSerializer.Serialize(new ClassList(classifier.Head, classNames), ConfigJson.Options) + "\n");
        WeightFile.Save(Path.Combine(folder, WeightsFile), classifier.Parameters);
    }

    /// <summary>Reads a classifier from its folder or from a finished run.</summary>
    /// <param name="path">The folder.</param>
    /// <param name="compute">Where and in which number format it computes; null for fp32 on the processor.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <exception cref="CheckpointFormatException">The folder holds no classifier, or one that does not fit its configuration.</exception>
    public static LoadedClassifier Load(string path, Compute? compute = null, bool trains = false)
    {
        var folder = Folder.Locate(path);
        var config = ModelFolder.ReadConfig(Path.Combine(folder, ConfigFile));
        var list = ReadClasses(Path.Combine(folder, ClassesFile));
        return new LoadedClassifier(config, list.Classes, Folder.Read(
            folder,
            config.Model,
            ImageClassifier.Declare(config.Model, list.Classes.Count, list.Head),
            compute,
            trains,
            (type, device) => new ImageClassifier(config.Model, list.Classes.Count, list.Head, type, device, seed: null, trains),
            classifier => classifier.Parameters));
    }

    /// <summary>Whether there is a classifier at a place.</summary>
    public static bool IsClassifier(string path) => Folder.IsAt(path);

    private static ClassList ReadClasses(string path)
    {
        try
        {
            return JsonSerializer.Deserialize<ClassList>(JsonInput.Read(path).Span, ConfigJson.Options) is { Classes.Count: > 0 } list && !list.Classes.Contains(null!)
                ? list
                : throw new CheckpointFormatException(path, null, "names no classes");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new CheckpointFormatException(path, null, e.Message, e);
        }
    }

    private sealed record ClassList(ClassifierHead Head, IReadOnlyList<string> Classes);
}
