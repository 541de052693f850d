using Flip.Io;
using Flip.Models;
using Flip.Storage;

namespace Flip.Training;

/// <summary>
/// The weights that a run began with, where they are a model's and no function of the seed: <c>start/</c> in its folder, with a manifest. By them a run
/// that was killed before its first checkpoint begins again as the same run.
/// </summary>
public static class StartWeights
{
    /// <summary>Writes them; <c>config.json</c>, by which the run can be resumed, comes after them.</summary>
    /// <param name="run">The run.</param>
    /// <param name="parameters">The weights.</param>
    /// <exception cref="IOException">They cannot be written.</exception>
    public static void Save(RunFolder run, FlatParameters parameters)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(parameters);
        var digest = WeightFile.SaveHashed(Path.Combine(run.Start, ModelFolder.WeightsFile), parameters, parameters.Master);
        FolderManifest.Write(run.Start, new Dictionary<string, FileDigest> { [ModelFolder.WeightsFile] = digest });
    }

    /// <summary>Puts them into a model; one that began with new weights has them by its seed and stays as it is.</summary>
    /// <param name="run">The run.</param>
    /// <param name="model">A model of its configuration.</param>
    /// <exception cref="CheckpointFormatException">They are not as they were written.</exception>
    public static void Restore(RunFolder run, FlipModel model)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (Directory.Exists(run.Start))
        {
            Check(run);
            WeightFile.Load(Path.Combine(run.Start, ModelFolder.WeightsFile), model);
        }
    }

    /// <summary>Refuses a start whose files are not as they were written; one of an earlier version has no manifest and cannot be verified.</summary>
    /// <param name="run">The run.</param>
    /// <exception cref="CheckpointFormatException">The message has the file and what is wrong with it.</exception>
    public static void Check(RunFolder run)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (FolderManifest.IsIn(run.Start) && FolderManifest.Problem(run.Start) is { } problem)
        {
            throw new CheckpointFormatException(run.Start, null, $"what the run began with is damaged: {problem}. Begin a new run");
        }
    }
}
