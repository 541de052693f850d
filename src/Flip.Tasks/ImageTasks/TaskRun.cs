using Flip.Config;
using Flip.Conversion;
using Flip.Devices;
using Flip.Io;
using Flip.Models;
using Flip.Progress;
using Flip.Storage;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Tasks.ImageTasks;

/// <summary>The run of a training that begins with the image tower of a model: how it is begun and continued, and what it says and leaves on the way, whatever the task.</summary>
/// <typeparam name="TConfig">The task's settings.</typeparam>
/// <param name="run">The run's folder.</param>
/// <param name="recipe">Reads and writes the settings.</param>
/// <param name="view">Shows progress.</param>
internal sealed class TaskRun<TConfig>(RunFolder run, RecipeFile<TConfig> recipe, IProgressView view)
    where TConfig : ImageTaskConfig, new()
{
    /// <summary>Opens the model that a run begins with, and says what has to be assumed of it.</summary>
    /// <param name="model">The model.</param>
    /// <param name="settings">Changes of its own settings, <c>key=value</c>.</param>
    public StoredModel Open(string model, IReadOnlyList<string> settings)
    {
        var stored = ModelSource.Open(model, settings);
        foreach (var assumed in stored.Assumptions)
        {
            view.Message(assumed.Text);
        }

        return stored;
    }

    /// <summary>What a new run computes on.</summary>
    public static Compute ComputeOf(TConfig config)
    {
        Compute.UseThreads(config);
        return Compute.Of(config);
    }

    /// <summary>A tower with a head, of which the tower has a model's weights. Whether the weights are there and fit in the memory is asked before any memory is taken.</summary>
    /// <param name="stored">The model.</param>
    /// <param name="parameters">Names and shapes of the parameters.</param>
    /// <param name="isOfHead">Whether a parameter is of the head, which no model has.</param>
    /// <param name="compute">Where and in which number format.</param>
    /// <param name="make">Makes it with new weights.</param>
    /// <param name="load">Reads the tower's weights.</param>
    public static TTask OnTower<TTask>(
        StoredModel stored, IReadOnlyList<(string Name, long[] Shape)> parameters, Predicate<string> isOfHead, Compute compute, Func<TTask> make, Action<TTask> load)
        where TTask : IDisposable
    {
        WeightFile.CheckPart(stored.Weights, stored.Names, stored.Config.Model, [.. parameters.Where(parameter => !isOfHead(parameter.Name))]);
        ModelMemory.CheckWeights(parameters, compute, trains: true);
        var made = make();
        try
        {
            load(made);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    /// <summary>Writes what a run begins with, its settings last: a folder that has them can be continued.</summary>
    /// <param name="inputs">What it reads.</param>
    /// <param name="config">The settings.</param>
    /// <param name="part">Images that are computed at a time, by the memory.</param>
    /// <param name="compute">What it computes on.</param>
    /// <param name="save">Writes the tower with its head into a folder.</param>
    /// <returns>The settings with the micro-batch and the precision that were chosen.</returns>
    public TConfig Begin<TInputs>(TInputs inputs, TConfig config, int part, Compute compute, Action<string> save)
    {
        save(run.Start);
        FolderManifest.Seal(run.Start);
        RunInputs.Save(run, inputs);
        config = InParts(config, part) with { Precision = compute.Precision };
        AtomicFile.WriteText(run.ConfigFile, recipe.ToJson(config));
        return config;
    }

    /// <summary>How a run goes on: its settings on this machine, what it computes on, and the checkpoint; null where it has none yet. What it began with is as it was written.</summary>
    public (TConfig Config, Compute Compute, string? Checkpoint) Continue()
    {
        var stored = run.LoadConfig(recipe.Parse);
        var config = ResumeRules.Fitted(stored, view.Message);
        var checkpoint = ResumeRules.Checkpoint(run, view.Message);
        var compute = ComputeOf(config);
        ResumeRules.SaySlow(compute, view.Message);
        AtomicFile.WriteText(run.ConfigFile, recipe.ToJson(stored with { Precision = compute.Precision }));
        StartWeights.Check(run);
        return (config, compute, checkpoint);
    }

    /// <summary>The settings with the micro-batch that the memory makes necessary.</summary>
    /// <param name="config">The settings.</param>
    /// <param name="part">Images that are computed at a time, by the memory.</param>
    public TConfig InParts(TConfig config, int part)
    {
        if (part == config.BatchSize || config.MicroBatch > 0)
        {
            return config;
        }

        view.Message(FormattableString.Invariant(
            $"What {config.BatchSize:N0} images at a time would take does not fit in the memory: each step is computed in parts of {part} (microBatch)."));
        return config with { MicroBatch = part };
    }

    /// <summary>Trains to the end, with the log of the run.</summary>
    /// <param name="trainer">The training.</param>
    /// <param name="observer">Sees progress.</param>
    /// <param name="cancellation">Stops after a checkpoint.</param>
    public void Train(TrainingLoop trainer, RunObserver observer, CancellationToken cancellation)
    {
        using var log = new MetricLog(run.Path, trainer.State.Samples);
        observer.Begin(log);
        trainer.Run(cancellation);
    }
}
