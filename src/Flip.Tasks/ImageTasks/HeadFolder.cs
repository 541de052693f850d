using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Storage;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.ImageTasks;

/// <summary>A tower with a head on disk: a folder with its weights and what describes them. A run's folder stands for that in its <c>model/</c>.</summary>
/// <param name="WeightsFile">Name of the weights' file, by which such a folder is known. It is written last: a folder with weights is whole.</param>
/// <param name="What">What such a folder holds, for messages.</param>
/// <param name="Others">The files that it must have besides.</param>
internal sealed record HeadFolder(string WeightsFile, string What, params IReadOnlyList<string> Others)
{
    /// <summary>Whether there is one at a place.</summary>
    public bool IsAt(string path) => Find(path) is not null;

    /// <summary>The folder at a place.</summary>
    /// <exception cref="CheckpointFormatException">There is none.</exception>
    public string Locate(string path) => Find(path) ?? throw new CheckpointFormatException(
        path, null, $"holds no {What}: expected {WeightsFile} with {string.Join(", ", Others.SkipLast(1))} and {Others[^1]}, or the folder of a finished training of one");

    /// <summary>Reads the weights of a folder. Whether they are those of the description, and fit in the memory, is asked before any memory is taken.</summary>
    /// <param name="folder">From <see cref="Locate"/>.</param>
    /// <param name="model">The model whose tower it has.</param>
    /// <param name="declared">Names and shapes of the parameters.</param>
    /// <param name="compute">Where and in which number format it computes; null for fp32 on the processor.</param>
    /// <param name="trains">Makes room for gradients.</param>
    /// <param name="make">Makes it without weights.</param>
    /// <param name="parameters">Its parameters.</param>
    /// <exception cref="CheckpointFormatException">The weights are others.</exception>
    public TTask Read<TTask>(
        string folder,
        ModelConfig model,
        IReadOnlyList<(string Name, long[] Shape)> declared,
        Compute? compute,
        bool trains,
        Func<ScalarType, Device?, TTask> make,
        Func<TTask, FlatParameters> parameters)
        where TTask : IDisposable
    {
        using var weights = new SafetensorsReader(Path.Combine(folder, WeightsFile));
        WeightFile.Check(weights, OwnNames.Instance, model, declared);
        ModelMemory.CheckWeights(declared, compute, trains);
        var made = make(compute?.Type ?? ScalarType.Float32, compute?.Device);
        try
        {
            WeightFile.Load(weights, OwnNames.Instance, parameters(made), model);
            return made;
        }
        catch
        {
            made.Dispose();
            throw;
        }
    }

    private string? Find(string path) =>
        File.Exists(Path.Combine(path, WeightsFile)) ? path
        : File.Exists(Path.Combine(path, ModelFolder.InRun, WeightsFile)) ? Path.Combine(path, ModelFolder.InRun)
        : null;
}
