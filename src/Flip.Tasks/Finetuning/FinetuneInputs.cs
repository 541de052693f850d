using Flip.Tasks.ImageTasks;

namespace Flip.Tasks.Finetuning;

/// <summary>What a fine-tuning reads, as <c>inputs.json</c> of its run has it.</summary>
/// <param name="Model">The model whose tower is tuned.</param>
/// <param name="Train">Labelled training images.</param>
/// <param name="Tests">Labelled test sets.</param>
/// <param name="Classes">File of class names, or null.</param>
/// <param name="WiseFt">Shares of fine-tuned weights to measure after training.</param>
public sealed record FinetuneInputs(
    string Model, string Train, IReadOnlyList<string> Tests, string? Classes, IReadOnlyList<double> WiseFt)
{
    /// <summary>Reads those of a run.</summary>
    /// <exception cref="ConfigException">The folder is no fine-tuning's.</exception>
    public static FinetuneInputs Load(string run)
    {
        var inputs = RunInputs.Load<FinetuneInputs>(run, "finetune", read => read is { Model: not null, Train: not null, Tests: not null } && !read.Tests.Contains(null!));
        return inputs with { WiseFt = inputs.WiseFt ?? [] };
    }
}
