namespace Flip.Evaluation.Answering;

/// <summary>
/// VQA's accuracy: an answer counts fully when three people gave it. Each person's answer is left out in turn, min(matches among the others / 3, 1) is taken, and
/// the mean of these is the score: 0.3, 0.6, 0.9 and 1 for 1, 2, 3 and more of ten people.
/// </summary>
public static class VqaAccuracy
{
    private const double PeopleForAll = 3;

    /// <summary>
    /// The accuracy of a prediction. As in the official script, nothing is normalised where all people gave the same text: <c>Yes</c> against ten <c>yes</c> is 0.
    /// A single answer is compared after normalisation, and counts 1 or 0: leaving it out would leave nobody.
    /// </summary>
    /// <param name="prediction">What the model answers.</param>
    /// <param name="answers">What people answered, ten in VQA, at least one.</param>
    /// <exception cref="ArgumentException">There are no answers.</exception>
    public static double Of(string prediction, IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        ArgumentNullException.ThrowIfNull(answers);
        if (answers.Count == 0)
        {
            throw new ArgumentException("A question without answers has no accuracy.", nameof(answers));
        }

        var trimmed = answers.Select(AnswerNormalizer.Trimmed).ToList();
        var areAllTheSame = trimmed.Count > 1 && trimmed.All(answer => answer == trimmed[0]);
        Func<string, string> form = areAllTheSame ? AnswerNormalizer.Trimmed : AnswerNormalizer.Normalized;
        var own = form(prediction);
        return OfMatches(trimmed.Count(answer => form(answer) == own), answers.Count);
    }

    /// <summary>The accuracy of an answer that some of the people gave.</summary>
    /// <param name="matches">How many gave it.</param>
    /// <param name="people">How many were asked, at least one.</param>
    public static double OfMatches(int matches, int people)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(people);
        ArgumentOutOfRangeException.ThrowIfNegative(matches);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(matches, people);
        if (people == 1)
        {
            return matches;
        }

        // Those who gave it are left out once each, and then one match fewer is seen.
        var whereLeftOut = matches * Math.Min((matches - 1) / PeopleForAll, 1);
        return matches == 0 ? 0 : (whereLeftOut + ((people - matches) * Math.Min(matches / PeopleForAll, 1))) / people;
    }
}
