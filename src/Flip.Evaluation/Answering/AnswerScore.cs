namespace Flip.Evaluation.Answering;

/// <summary>
/// What an answer counts, from 0 to 1. Ten answers or more are opinions, as VQA has them, and count by <see cref="VqaAccuracy"/>: 0, 0.3, 0.6, 0.9, 1. Fewer are a list of
/// right answers, as DAQUAR and most other data have them: each of them counts 1, after normalisation. VQA's formula would leave one of two right answers 0.17.
/// </summary>
public static class AnswerScore
{
    /// <summary>Answers of a question from which on they are opinions.</summary>
    public const int LeastOpinions = 10;

    /// <summary>What a prediction counts.</summary>
    /// <param name="prediction">What the model answers.</param>
    /// <param name="answers">The answers of the data, at least one.</param>
    /// <exception cref="ArgumentException">There are no answers.</exception>
    public static double Of(string prediction, IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(answers);
        if (answers.Count is 0 or >= LeastOpinions)
        {
            return VqaAccuracy.Of(prediction, answers);
        }

        var own = AnswerNormalizer.Normalized(prediction);
        return answers.Any(answer => AnswerNormalizer.Normalized(answer) == own) ? 1 : 0;
    }

    /// <summary>What an answer counts that is there some times.</summary>
    /// <param name="matches">How often it is among the answers.</param>
    /// <param name="answers">How many answers there are, at least one.</param>
    public static double OfMatches(int matches, int answers)
    {
        var accuracy = VqaAccuracy.OfMatches(matches, answers);
        return answers >= LeastOpinions ? accuracy : Math.Min(matches, 1);
    }
}
