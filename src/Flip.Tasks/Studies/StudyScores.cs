namespace Flip.Tasks.Studies;

/// <summary>Which of a model's scores a study compares.</summary>
public static class StudyScores
{
    private const string Chance = "chance ";
    private static readonly string[] Usual = ["top1", "textToImage/R@1"];

    /// <summary>The score of the first data set: top-1 of labelled images, else the recall of images by captions. Null where nothing was measured.</summary>
    /// <param name="scores">Scores of a training (<see cref="Pretraining.RunResults.Scores"/>), in the order of the data sets.</param>
    public static string? Main(IEnumerable<string> scores) =>
        scores.FirstOrDefault(name => Usual.Any(usual => name.EndsWith("/" + usual, StringComparison.Ordinal)) && !IsChance(name)) ?? scores.FirstOrDefault(name => !IsChance(name));

    /// <summary>Whether a score is what chance gives.</summary>
    public static bool IsChance(string score)
    {
        ArgumentNullException.ThrowIfNull(score);
        return score.Contains("/" + Chance, StringComparison.Ordinal);
    }
}
