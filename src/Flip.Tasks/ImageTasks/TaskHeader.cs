using Flip.Config;
using Flip.Data;
using Flip.Evaluation.Embedding;
using Flip.Evaluation.Outcomes;
using Flip.Models;
using Flip.Storage;

namespace Flip.Tasks.ImageTasks;

/// <summary>What results say of a model that was trained on an image tower: it sees whole images, and has no prompts.</summary>
internal static class TaskHeader
{
    /// <param name="name">The model, as its user named it.</param>
    /// <param name="parameters">Its weights.</param>
    /// <param name="config">Its towers.</param>
    /// <param name="method">What it is, such as <c>captioner</c>.</param>
    public static EvaluationHeader Of(string name, FlatParameters parameters, FlipConfig config, string method) => new(
        UnicodeName.Shown(name),
        WeightFile.Hash(parameters),
        ItemEncoders.ConfigurationHash(config),
        method,
        nameof(InferenceMask.None),
        "none",
        config.Eval.TransformName());
}
