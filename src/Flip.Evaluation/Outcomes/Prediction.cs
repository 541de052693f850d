using System.Text.Json.Serialization;
using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>What a classifier made of one image.</summary>
/// <param name="Key">The image's name in its data set.</param>
/// <param name="Right">Its right classes, 1 or more.</param>
/// <param name="Rank">Place of the first right class, from 1; of equal scores the first class counts as the higher.</param>
/// <param name="FirstRight">That class.</param>
/// <param name="Top">The first five classes, or all where there are fewer, in their order.</param>
/// <param name="Ignored">Classes that count neither for nor against; null in data sets where every image has a right class.</param>
/// <param name="Scores">All scores, <c>[classes]</c>, where the metric needs them; else null.</param>
public sealed record Prediction(string Key, int[] Right, int Rank, ScoredClass FirstRight, ScoredClass[] Top, int[]? Ignored = null, float[]? Scores = null) : IPrediction
{
    /// <summary>Classes that <see cref="Top"/> has at most.</summary>
    public const int TopCount = 5;

    /// <inheritdoc/>
    [JsonIgnore]
    public bool IsHit => Rank == 1;

    /// <summary>The class with the highest score.</summary>
    [JsonIgnore]
    public int Predicted => Top[0].Class;

    /// <summary>How far the predicted class is above the first right one; 0 for a hit.</summary>
    [JsonIgnore]
    public float Margin => Top[0].Score - FirstRight.Score;

    /// <inheritdoc/>
    public bool HasAnswersOf(IPrediction other) => other is Prediction prediction && Right.Order().SequenceEqual(prediction.Right.Order())
        && (Ignored ?? []).Order().SequenceEqual((prediction.Ignored ?? []).Order());

    private int[] Answers => Right.Length > 0 ? Right : Ignored ?? [];

    /// <summary>The record of one image's scores.</summary>
    internal static Prediction Of(LabelledScores scores, int image, string key, bool keepScores)
    {
        var row = scores.Row(image);
        var (right, rank) = scores.FirstRight(image);
        var first = First(row);
        return new(
            key,
            scores.Labels[image],
            rank,
            right < 0 ? new(right, first[^1].Score) : new(right, row[right]),
            first,
            scores.Ignored?[image],
            keepScores ? row.ToArray() : null);
    }

    /// <summary>What is wrong with a record that was read, null if nothing.</summary>
    internal string? Problem(int classes)
    {
        try
        {
            LabelledScores.CheckLabels(Right, Ignored, classes, () => $"the image '{Key}'");
        }
        catch (ConfigException e)
        {
            return e.Message.TrimEnd('.');
        }

        if (Top.Length != Math.Min(TopCount, classes))
        {
            return $"'top' has {Top.Length} classes, not {Math.Min(TopCount, classes)}";
        }

        if (Answers.Length == 0 && IsInOrder(classes))
        {
            return Rank == classes + 1 && FirstRight == new ScoredClass(-1, Top[^1].Score) ? ScoresProblem(classes) : "it has no right class, and a rank of one";
        }

        var first = Array.FindIndex(Top, top => Answers.Contains(top.Class));
        return !IsInOrder(classes) ? "'top' has not classes with finite scores in falling order"
            : Rank < 1 || Rank > classes ? $"the rank {Rank} is not between 1 and {classes}"
            : first < 0 ? (Rank <= Top.Length ? $"'top' has no right class, and the rank is {Rank}" : OtherProblem(classes))
            : Rank != first + 1 || FirstRight != Top[first] ? $"'top' has a right class at rank {first + 1}, and the rank is {Rank}"
            : OtherProblem(classes);
    }

    private string? OtherProblem(int classes) =>
        !Answers.Contains(FirstRight.Class) || !float.IsFinite(FirstRight.Score) ? "'firstRight' is not a right class with a finite score"
        : FirstRight.Score > Top[Math.Min(Rank, Top.Length) - 1].Score ? "'firstRight' has a higher score than its place allows"
        : ScoresProblem(classes);

    private string? ScoresProblem(int classes) =>
        Scores is null ? null
        : Scores.Length != classes || !Scores.All(float.IsFinite) ? $"'scores' has not {classes} finite numbers"
        : Agrees(Of(new LabelledScores(Scores, classes, [Right], ignored: Ignored is null ? null : [Ignored]), 0, Key, keepScores: false)) ? null
        : "'scores' does not give the other entries";

    private bool Agrees(Prediction other) => Rank == other.Rank && FirstRight == other.FirstRight && Top.SequenceEqual(other.Top);

    private bool IsInOrder(int classes) =>
        Top.All(top => top.Class >= 0 && top.Class < classes && float.IsFinite(top.Score))
        && Top.Zip(Top.Skip(1)).All(pair => pair.First.Score > pair.Second.Score
            || (pair.First.Score == pair.Second.Score && pair.First.Class < pair.Second.Class))
        && Top.DistinctBy(top => top.Class).Count() == Top.Length;

    private static ScoredClass[] First(ReadOnlySpan<float> row)
    {
        var top = new ScoredClass[Math.Min(TopCount, row.Length)];
        var filled = 0;
        for (var label = 0; label < row.Length; label++)
        {
            if (filled == top.Length && row[label] <= top[^1].Score)
            {
                continue;
            }

            var place = filled < top.Length ? filled++ : top.Length - 1;
            for (; place > 0 && top[place - 1].Score < row[label]; place--)
            {
                top[place] = top[place - 1];
            }

            top[place] = new(label, row[label]);
        }

        return top;
    }
}
