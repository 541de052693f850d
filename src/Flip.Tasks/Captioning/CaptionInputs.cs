using Flip.Tasks.ImageTasks;

namespace Flip.Tasks.Captioning;

/// <summary>What the training of a captioner reads, as <c>inputs.json</c> of its run has it.</summary>
/// <param name="Model">The model whose tower tells what it sees.</param>
/// <param name="Train">Captioned training images.</param>
/// <param name="Tests">Captioned test images, as evaluations name them.</param>
/// <param name="Vocabulary">Where the words come from: a file or folder, <see cref="CaptionVocabulary.Learnt"/>, or null for the model's own.</param>
/// <param name="Settings">Changes of the model's own settings, <c>key=value</c>.</param>
public sealed record CaptionInputs(string Model, string Train, IReadOnlyList<string> Tests, string? Vocabulary, IReadOnlyList<string> Settings)
{
    /// <summary>Reads those of a run.</summary>
    /// <exception cref="ConfigException">The folder is no captioner's.</exception>
    public static CaptionInputs Load(string run) => RunInputs.Load<CaptionInputs>(
        run, CaptionSession.Command, read => read is { Model: not null, Train: not null, Tests: not null, Settings: not null } && !read.Tests.Concat(read.Settings).Contains(null!));
}
