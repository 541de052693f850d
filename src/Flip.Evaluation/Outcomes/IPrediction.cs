using System.Text.Json.Serialization;

namespace Flip.Evaluation.Outcomes;

/// <summary>What a model made of one image.</summary>
public interface IPrediction
{
    /// <summary>The image's name in its data set.</summary>
    string Key { get; }

    /// <summary>Whether the first answer is right.</summary>
    [JsonIgnore]
    bool IsHit { get; }

    /// <summary>Whether another prediction was measured against the same right answers.</summary>
    bool HasAnswersOf(IPrediction other);
}
