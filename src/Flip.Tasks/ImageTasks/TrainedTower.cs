using Flip.Conversion;
using Flip.Models;
using Flip.Storage;
using Flip.Tokenizers;
using Flip.Training;
using static TorchSharp.torch;

namespace Flip.Tasks.ImageTasks;

/// <summary>The tower that a task has trained, in the model that it came from: what can be converted, embedded with or trained further.</summary>
internal static class TrainedTower
{
    /// <summary>Writes the model with the trained tower into a run; where the model cannot be read any more, that is said, and nothing is lost but this copy.</summary>
    /// <param name="run">The run, whose folder this process holds.</param>
    /// <param name="model">Where the model was.</param>
    /// <param name="sets">Settings of the model, <c>key=value</c>.</param>
    /// <param name="trained">All weights of the task; those that the model has too are the tower's.</param>
    /// <param name="say">Receives why there is none.</param>
    public static void Save(RunFolder run, string model, IReadOnlyList<string> sets, FlatParameters trained, Action<string> say)
    {
        try
        {
            using var loaded = ModelSource.Load(model, sets);
            using (no_grad())
            {
                foreach (var (parameter, own) in trained.All.Select(parameter => (parameter, Own: loaded.Model.Parameters.Find(parameter.Name))).Where(pair => pair.Own is not null))
                {
                    own!.Master.copy_(parameter.Master);
                }
            }

            ModelFolder.Save(run.Tower, loaded.Config, loaded.Model, loaded.Tokenizer);
        }
        catch (Exception e) when (e is CheckpointFormatException or VocabularyException or ConfigException or IOException)
        {
            say($"The model with the trained tower is not written, since {model} cannot be read: {e.Message}");
        }
    }
}
