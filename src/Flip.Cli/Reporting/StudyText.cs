using System.Globalization;
using System.Text;
using Flip.Tasks.Studies;

namespace Flip.Cli.Reporting;

/// <summary>A study's outcome, and what it will take, as Markdown.</summary>
internal static class StudyText
{
    private static readonly string[] MoreHeaders = ["score", "beside the baseline", "pairs", "batch", "operations", "time", "seconds", "paper"];

    /// <summary>The outcome.</summary>
    public static string Of(StudyResult study)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"# {study.Title}").AppendLine();
        foreach (var line in Sentences(study))
        {
            text.AppendLine(line).AppendLine();
        }

        var (headers, rows) = Table(study);
        AppendTable(text, headers, rows);
        if (Others(study) is var (otherHeaders, others) && others.Count > 0)
        {
            text.AppendLine().AppendLine("## All scores, %").AppendLine();
            AppendTable(text, otherHeaders, others);
        }

        if (study.SpeedUps.Count > 0)
        {
            text.AppendLine().AppendLine("## Time to equal accuracy").AppendLine();
            foreach (var line in SpeedUps(study))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"- {line}");
            }
        }

        return text.ToString();
    }

    /// <summary>What is said before the table.</summary>
    public static IEnumerable<string> Sentences(StudyResult study)
    {
        if (study.Question is not null)
        {
            yield return study.Question;
        }

        if (study.Paper is not null)
        {
            yield return $"In the paper: {study.Paper}.";
        }

        yield return string.Create(
            CultureInfo.InvariantCulture,
            $"{study.Cells.Count:N0} of {study.Planned:N0} cells are finished. The score is {study.Score ?? "not measured"}, per cent; beside it the standard deviation over seeds. The baseline is {string.Join(", ", study.Baseline)}; a difference within two standard errors is none. Operations are by formula, the time by steps that were measured in turns, both relative to the baseline; the seconds are those that the runs took.");
        if (study.LengthFactor != 1)
        {
            yield return string.Create(CultureInfo.InvariantCulture, $"All lengths are {study.LengthFactor:0.###} of what was asked for, to fit in --max-hours.");
        }
    }

    /// <summary>A row for each combination.</summary>
    public static (IReadOnlyList<string> Headers, IReadOnlyList<IReadOnlyList<string>> Rows) Table(StudyResult study) => (
        ["setting", .. MoreHeaders],
        [
            .. study.Rows.Select(row => (IReadOnlyList<string>)
            [
                string.Join(", ", row.Values),
                row.Score?.ToText(100) ?? "-",
                Beside(row),
                row.Samples.ToString("N0", CultureInfo.InvariantCulture),
                row.BatchSize.ToString("N0", CultureInfo.InvariantCulture),
                Times(row.RelativeFlops),
                Times(row.RelativeTime),
                row.RunSeconds.ToString("N0", CultureInfo.InvariantCulture),
                Paper(row.Published),
            ]),
        ]);

    /// <summary>Scores that are not compared; no rows where there are none.</summary>
    public static (IReadOnlyList<string> Headers, IReadOnlyList<IReadOnlyList<string>> Rows) Others(StudyResult study)
    {
        string[] names = [.. study.Rows.SelectMany(row => row.Others.Keys).Distinct()];
        return (
            ["setting", .. names],
            names.Length == 0 ? [] : [.. study.Rows.Select(row => (IReadOnlyList<string>)[string.Join(", ", row.Values), .. names.Select(name => row.Others.TryGetValue(name, out var value) ? Percent(value) : "-")])]);
    }

    /// <summary>What is said of each setting's time to the baseline's accuracy, the best first.</summary>
    public static IEnumerable<string> SpeedUps(StudyResult study)
    {
        if (study.Best is { } best)
        {
            yield return $"Soonest: {string.Join(", ", best.Values)}.";
        }

        foreach (var speedUp in study.SpeedUps)
        {
            foreach (var length in speedUp.InTime.Lengths)
            {
                var flops = speedUp.InFlops.Lengths.FirstOrDefault(other => other.Samples == length.Samples);
                var interval = length.Interval is { } known ? string.Create(CultureInfo.InvariantCulture, $", 95 % interval {known.Low:0.0#} to {known.High:0.0#}") : "";
                yield return string.Create(CultureInfo.InvariantCulture, $"{string.Join(", ", speedUp.Values)}, the baseline's {Percent(length.Score)} % after {length.Samples:N0} pairs: ")
                    + (length.Crossed ? string.Create(CultureInfo.InvariantCulture, $"{length.SpeedUp:0.0#} times sooner{interval}; {(flops?.SpeedUp is { } fewer ? string.Create(CultureInfo.InvariantCulture, $"with {fewer:0.0#} times fewer operations") : $"in operations: {flops?.Reason ?? "not known"}")}.") : length.Reason + ".");
            }
        }
    }

    private static string Beside(StudyRow row) => row.Difference is not { } difference ? "" : difference.Verdict switch
    {
        Verdict.None => $"none ({Signed(difference.Mean)})",
        Verdict.Unknown => $"{Signed(difference.Mean)} (one seed)",
        _ => Signed(difference.Mean),
    };

    private static string Signed(double share)
    {
        var text = Math.Abs(100 * share).ToString("0.0", CultureInfo.InvariantCulture);
        return (text == "0.0" ? "±" : share > 0 ? "+" : "-") + text;
    }

    private static string Paper(PublishedCell? published) => published is null ? "" : string.Join(", ", new[]
    {
        published.Score?.ToString("0.0", CultureInfo.InvariantCulture),
        published.Time is { } time ? Times(time) + " time" : null,
        published.Flops is { } flops ? Times(flops) + " operations" : null,
    }.OfType<string>());

    private static string Times(double? value) => value is { } known ? known.ToString("0.00", CultureInfo.InvariantCulture) + "×" : "-";

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture);

    /// <summary>A Markdown table.</summary>
    public static void AppendTable(StringBuilder text, IReadOnlyList<string> headers, IReadOnlyList<IReadOnlyList<string>> rows)
    {
        text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", headers)} |").AppendLine(CultureInfo.InvariantCulture, $"|{string.Concat(headers.Select((_, column) => column == 0 ? "---|" : "---:|"))}");
        foreach (var row in rows)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {string.Join(" | ", row)} |");
        }
    }
}
