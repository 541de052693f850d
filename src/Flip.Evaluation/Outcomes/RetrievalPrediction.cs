using System.Text.Json.Serialization;

namespace Flip.Evaluation.Outcomes;

/// <summary>How an image and its texts found each other.</summary>
/// <param name="Key">The image's name in its data set.</param>
/// <param name="Rank">Place of the first of its texts when the image looks for texts, from 1.</param>
/// <param name="TextRanks">Place of the image when each of its texts looks for it, in the texts' order, from 1.</param>
public sealed record RetrievalPrediction(string Key, int Rank, int[] TextRanks) : IPrediction
{
    /// <inheritdoc/>
    [JsonIgnore]
    public bool IsHit => Rank == 1;

    /// <inheritdoc/>
    public bool HasAnswersOf(IPrediction other) => other is RetrievalPrediction prediction && prediction.TextRanks.Length == TextRanks.Length;

    /// <summary>What is wrong with a record that was read, null if nothing.</summary>
    internal string? Problem() => TextRanks.Length == 0 ? "'textRanks' is empty"
        : Rank < 1 || TextRanks.Any(rank => rank < 1) ? "a rank is below 1"
        : null;
}
