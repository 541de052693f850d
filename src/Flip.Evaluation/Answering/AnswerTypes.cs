using System.Globalization;

namespace Flip.Evaluation.Answering;

/// <summary>
/// Kinds of answers, for data that does not name them: by the answer that most people gave. VQA's own are in its files, and rest on the same rule with some
/// corrections by hand.
/// </summary>
public static class AnswerTypes
{
    /// <summary>Yes or no.</summary>
    public const string YesNo = "yes/no";

    /// <summary>A number.</summary>
    public const string Number = "number";

    /// <summary>Anything else.</summary>
    public const string Other = "other";

    /// <summary>The kind of a question's answers.</summary>
    /// <param name="answers">What people answered, at least one.</param>
    public static string Of(IReadOnlyList<string> answers)
    {
        var most = AnswerVocabulary.Majority(answers);
        return most is "yes" or "no" ? YesNo
            : double.TryParse(most, NumberStyles.AllowDecimalPoint | NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out _) ? Number
            : Other;
    }
}
