using System.Globalization;
using System.Text;
using Flip.Tasks.Curation;

namespace Flip.Cli.Reporting;

/// <summary>What scores say together, for a console.</summary>
internal static class ScoreText
{
    public static string Of(ScoreSummary summary, string folder)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{summary.Rows:N0} pairs in {summary.Tables:N0} tables in {folder}, {summary.Scored:N0} of them scored{(summary.Mean is { } mean ? string.Create(CultureInfo.InvariantCulture, $", mean similarity {mean:0.000}") : "")}.");
        if (summary.Thresholds.Count > 0)
        {
            text.AppendLine().AppendLine("| keeps | similarity from |").AppendLine("|---:|---:|");
            foreach (var (share, similarity) in summary.Thresholds)
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {100 * share:0} % | {similarity:0.000} |");
            }
        }

        if (summary.Errors.Count > 0)
        {
            text.AppendLine().AppendLine("| not scored | pairs |").AppendLine("|---|---:|");
            foreach (var (cause, count) in summary.Errors.OrderByDescending(error => error.Value))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {cause} | {count:N0} |");
            }
        }

        return text.ToString();
    }
}
