namespace Flip.Tasks.Studies;

/// <summary>A study's outcome, of whatever cells are finished.</summary>
/// <param name="Name">The study.</param>
/// <param name="Title">What it is called.</param>
/// <param name="Question">What it answers.</param>
/// <param name="Paper">Where the paper has it.</param>
/// <param name="Score">The score that is compared; null while nothing is measured.</param>
/// <param name="Planned">Cells of the study.</param>
/// <param name="LengthFactor">What the lengths were multiplied by to fit in the user's time.</param>
/// <param name="Baseline">Values of the cell that the others are compared with.</param>
/// <param name="Rows">A row for each combination that has a finished cell, in the study's order.</param>
/// <param name="SpeedUps">How much sooner settings reach the baseline's accuracy, where the study asks for it.</param>
/// <param name="Cells">The finished cells.</param>
public sealed record StudyResult(
    string Name,
    string Title,
    string? Question,
    string? Paper,
    string? Score,
    int Planned,
    double LengthFactor,
    IReadOnlyList<string> Baseline,
    IReadOnlyList<StudyRow> Rows,
    IReadOnlyList<SettingSpeedUp> SpeedUps,
    IReadOnlyList<CellResult> Cells)
{
    /// <summary>The setting that reaches the baseline's accuracy soonest; null where none does.</summary>
    public SettingSpeedUp? Best => SpeedUps.Where(speedUp => speedUp.InTime.Headline is not null).MaxBy(speedUp => speedUp.InTime.Headline!.SpeedUp ?? speedUp.InTime.Headline.AtLeast);

    /// <summary>Gathers what is there.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="store">Its cells.</param>
    /// <param name="times">What a pair costs.</param>
    /// <param name="score">The score that is compared; null takes <see cref="StudyScores.Main"/>.</param>
    public static StudyResult Of(StudyPlan plan, CellStore store, StudyTimes times, string? score = null)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(store);
        return Of(plan, [.. plan.Cells.Select(cell => (cell, store.Result(cell)!)).Where(cell => cell.Item2 is not null)], times, score);
    }

    /// <summary>Gathers finished cells.</summary>
    internal static StudyResult Of(StudyPlan plan, IReadOnlyList<(StudyCell Cell, CellResult Result)> finished, StudyTimes times, string? score)
    {
        var study = plan.Study;
        score ??= StudyScores.Main(finished.SelectMany(cell => cell.Result.Scores.Keys));
        var rows = finished.GroupBy(cell => string.Join('\n', cell.Cell.Values)).Select(cells => StudyRow.Of([.. cells], times, score)).ToList();
        var baseline = rows.Find(row => row.Values.SequenceEqual(plan.Baseline));
        rows = [.. rows.Select(row => row.Beside(baseline, study.Published.FirstOrDefault(published => published.Cell.SequenceEqual(row.Values))))];
        return new StudyResult(
            study.Name, study.Title, study.Question, study.Paper, score, plan.Cells.Count, plan.LengthFactor, plan.Baseline, rows, SettingSpeedUp.Of(plan, rows), [.. finished.Select(cell => cell.Result)]);
    }
}

/// <summary>A combination of values over its seeds.</summary>
/// <param name="Values">Names of the values, one an axis.</param>
/// <param name="BySeed">The score of each seed, a share.</param>
/// <param name="Score">Their spread; null where the score was not measured.</param>
/// <param name="Difference">The score less the baseline's; null for the baseline.</param>
/// <param name="Samples">Pairs seen, those of a tuning included.</param>
/// <param name="BatchSize">Pairs of a step.</param>
/// <param name="RunSeconds">Seconds that its runs took, their mean.</param>
/// <param name="Seconds">Seconds by step times that were measured in turns; null where they were not.</param>
/// <param name="Flops">Operations of training.</param>
/// <param name="RelativeTime"><paramref name="Seconds"/> over the baseline's.</param>
/// <param name="RelativeFlops"><paramref name="Flops"/> over the baseline's.</param>
/// <param name="Others">Other scores, means over the seeds.</param>
/// <param name="Published">What the paper found.</param>
public sealed record StudyRow(
    IReadOnlyList<string> Values,
    IReadOnlyDictionary<long, double> BySeed,
    Spread? Score,
    Difference? Difference,
    long Samples,
    int BatchSize,
    double RunSeconds,
    double? Seconds,
    double Flops,
    double? RelativeTime,
    double? RelativeFlops,
    IReadOnlyDictionary<string, double> Others,
    PublishedCell? Published)
{
    /// <summary>The row of some seeds' cells.</summary>
    internal static StudyRow Of(IReadOnlyList<(StudyCell Cell, CellResult Result)> cells, StudyTimes times, string? score)
    {
        var (cell, first) = cells[0];
        var scores = cells.Where(one => score is not null && one.Result.Scores.ContainsKey(score)).ToDictionary(one => (long)one.Cell.Seed, one => one.Result.Scores[score!]);
        return new StudyRow(
            cell.Values,
            scores,
            scores.Count > 0 ? Spread.Of([.. scores.Values]) : null,
            null,
            first.Samples + first.TuningSamples,
            cell.Training.Train.BatchSize,
            cells.Average(one => one.Result.Seconds),
            times.SecondsOf(cell, first.Samples, first.TuningSamples),
            StudyTimes.FlopsOf(cell, first.Samples, first.TuningSamples),
            null,
            null,
            first.Scores.Keys.Where(name => name != score && !StudyScores.IsChance(name))
                .ToDictionary(name => name, name => cells.Where(one => one.Result.Scores.ContainsKey(name)).Average(one => one.Result.Scores[name])),
            null);
    }

    /// <summary>The row beside the baseline and the paper.</summary>
    internal StudyRow Beside(StudyRow? baseline, PublishedCell? published) => this with
    {
        Published = published,
        Difference = baseline is null || ReferenceEquals(baseline, this) || BySeed.Count == 0 || baseline.BySeed.Count == 0 ? null : Studies.Difference.Of(BySeed, baseline.BySeed),
        RelativeTime = Seconds / baseline?.Seconds,
        RelativeFlops = Flops / baseline?.Flops,
    };
}

/// <summary>How much sooner a setting reaches the baseline's accuracy.</summary>
/// <param name="Values">Names of its values, that of the length left out.</param>
/// <param name="InTime">By seconds: of step times measured in turns where all have them, else of the runs.</param>
/// <param name="InFlops">By operations.</param>
public sealed record SettingSpeedUp(IReadOnlyList<string> Values, TimeToAccuracy InTime, TimeToAccuracy InFlops)
{
    /// <summary>Compares the curves of a study over its axis of lengths; none where it has no such axis, or the baseline no finished cell.</summary>
    internal static IReadOnlyList<SettingSpeedUp> Of(StudyPlan plan, IReadOnlyList<StudyRow> rows)
    {
        var length = plan.Study.Axes.Select(axis => axis.Name).ToList().IndexOf(plan.Study.LengthAxis ?? "");
        if (length < 0)
        {
            return [];
        }

        var inTurns = rows.All(row => row.Seconds is not null);
        var curves = rows.Where(row => row.BySeed.Count > 0).GroupBy(row => string.Join('\n', WithoutLength(row.Values)))
            .Select(group => (Values: WithoutLength(group.First().Values), Rows: group.ToList())).ToList();
        var baseline = curves.Find(curve => curve.Values.SequenceEqual(WithoutLength(plan.Baseline)));
        return baseline.Rows is null ? [] :
        [
            .. curves.Where(curve => curve.Values != baseline.Values).Select(curve => new SettingSpeedUp(
                curve.Values,
                TimeToAccuracy.Of(Points(baseline.Rows, row => inTurns ? row.Seconds!.Value : row.RunSeconds), Points(curve.Rows, row => inTurns ? row.Seconds!.Value : row.RunSeconds)),
                TimeToAccuracy.Of(Points(baseline.Rows, row => row.Flops), Points(curve.Rows, row => row.Flops)))),
        ];

        string[] WithoutLength(IReadOnlyList<string> values) => [.. values.Where((_, axis) => axis != length)];
    }

    private static List<AccuracyPoint> Points(List<StudyRow> rows, Func<StudyRow, double> time) =>
        [.. rows.SelectMany(row => row.BySeed.Select(seed => new AccuracyPoint(row.Samples, time(row), seed.Value, seed.Key)))];
}
