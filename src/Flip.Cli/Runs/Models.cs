using Flip.Config;
using Flip.Training;

namespace Flip.Cli.Runs;

/// <summary>Where commands that use a model get it from.</summary>
internal static class Models
{
    /// <summary>Loads what a user names as a model.</summary>
    /// <param name="path">A model's folder, a run or one of its checkpoints.</param>
    /// <param name="change">Changes the configuration before the model is built.</param>
    public static LoadedModel Load(string path, Func<FlipConfig, FlipConfig>? change = null) => ModelFolder.Load(path, change);
}
