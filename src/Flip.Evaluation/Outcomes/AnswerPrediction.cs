using System.Text.Json.Serialization;
using Flip.Evaluation.Answering;

namespace Flip.Evaluation.Outcomes;

/// <summary>What a model answered to a question about an image.</summary>
/// <param name="Key">The question's id in its data set.</param>
/// <param name="Image">The image's name.</param>
/// <param name="Question">The question.</param>
/// <param name="Given">The likeliest answers, the first of which counts; at least one.</param>
/// <param name="Answers">The answers of the data, at least one.</param>
/// <param name="AnswerType">The data's name for the kind of answer; null where they have none.</param>
public sealed record AnswerPrediction(string Key, string Image, string Question, GivenAnswer[] Given, string[] Answers, string? AnswerType = null) : IPrediction
{
    private const double Half = 0.5;

    /// <summary>The answer that counts.</summary>
    [JsonIgnore]
    public string Answer => Given[0].Answer;

    /// <summary>Whether it counts one half or more: a right answer, or that of two people of ten.</summary>
    [JsonIgnore]
    public bool IsHit => AnswerScore.Of(Answer, Answers) >= Half;

    /// <inheritdoc/>
    public bool HasAnswersOf(IPrediction other) =>
        other is AnswerPrediction prediction && prediction.Image == Image && prediction.Question == Question && prediction.AnswerType == AnswerType && prediction.Answers.SequenceEqual(Answers);

    /// <summary>What is wrong with a record that was read, null if nothing.</summary>
    internal string? Problem() =>
        Given.Length == 0 ? "'given' is empty"
        : Given.Any(given => given?.Answer is null || given.Probability is not (>= 0 and <= 1)) ? "an answer is null, or its probability is not between 0 and 1"
        : Answers.Length == 0 ? "'answers' is empty"
        : Answers.Any(answer => answer is null) ? "an answer is null"
        : null;
}
