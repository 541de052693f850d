using System.Text.Json.Serialization;

namespace Flip.Evaluation.Outcomes;

/// <summary>What a captioner wrote of an image.</summary>
/// <param name="Key">The image's name in its data set.</param>
/// <param name="Caption">The caption.</param>
/// <param name="References">What people wrote, one or more.</param>
public sealed record CaptionPrediction(string Key, string Caption, string[] References) : IPrediction
{
    /// <summary>Whether one of the people wrote the same words.</summary>
    [JsonIgnore]
    public bool IsHit => References.Contains(Caption, StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public bool HasAnswersOf(IPrediction other) => other is CaptionPrediction prediction && prediction.References.SequenceEqual(References);

    /// <summary>What is wrong with a record that was read, null if nothing.</summary>
    internal string? Problem() => References.Length == 0 ? "'references' is empty" : References.Any(reference => reference is null) ? "a reference is null" : null;
}
