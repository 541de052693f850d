using Flip.Tasks.ImageTasks;

namespace Flip.Tasks.Answering;

/// <summary>What the training of a model that answers questions reads, as <c>inputs.json</c> of its run has it.</summary>
/// <param name="Model">The model whose towers see and read.</param>
/// <param name="Train">Training images with questions.</param>
/// <param name="Tests">Test images with questions, <c>PATH</c> or <c>NAME=PATH</c>.</param>
/// <param name="Answers">A file of the answers that it can give; null learns them from the training questions.</param>
/// <param name="QuestionOnly">The run of the baseline that sees no image, to stand beside; null for none.</param>
/// <param name="Settings">Changes of the model's own settings, <c>key=value</c>.</param>
public sealed record AnswerInputs(string Model, string Train, IReadOnlyList<string> Tests, string? Answers, string? QuestionOnly, IReadOnlyList<string> Settings)
{
    /// <summary>The command that begins and continues such runs.</summary>
    public const string Command = "vqa train";

    /// <summary>Reads those of a run.</summary>
    /// <exception cref="ConfigException">The folder is none of such a training.</exception>
    public static AnswerInputs Load(string run) => RunInputs.Load<AnswerInputs>(
        run, Command, read => read is { Model: not null, Train: not null, Tests: not null, Settings: not null } && !read.Tests.Concat(read.Settings).Contains(null!));
}
