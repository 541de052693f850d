namespace Flip.Evaluation.Outcomes;

/// <summary>What was measured and how: all that the numbers depend on beside the data.</summary>
/// <param name="Model">The model, as the user named it.</param>
/// <param name="Weights">Hash of its weights.</param>
/// <param name="Configuration">Hash of its configuration.</param>
/// <param name="Method">How it was measured: zero-shot, a probe, nearest neighbours, fine-tuned.</param>
/// <param name="Mask">Which patches the image tower saw.</param>
/// <param name="Templates">Prompts of the classes; what a data set has otherwise stands in its row.</param>
/// <param name="Transform">How images became pixels.</param>
/// <param name="Date">When; null to leave it out, so that the same evaluation gives the same bytes.</param>
public sealed record EvaluationHeader(
    string Model,
    string Weights,
    string Configuration,
    string Method,
    string Mask,
    string Templates,
    string Transform,
    DateTimeOffset? Date = null)
{
    /// <summary>The entries as a reader sees them, in order.</summary>
    internal IReadOnlyList<(string Name, string Value)> Entries() =>
    [
        ("model", Model), ("weights", Weights), ("configuration", Configuration), ("method", Method),
        ("mask", Mask), ("templates", Templates), ("transform", Transform),
        .. Date is { } date ? [("date", date.ToString("u", System.Globalization.CultureInfo.InvariantCulture))] : Array.Empty<(string, string)>(),
    ];
}
