using System.Text;
using Flip.Evaluation.Outcomes;
using Flip.Io;

namespace Flip.Evaluation.Reports;

/// <summary>Results as Markdown (GitHub's). Names are data: what would be markup in them is escaped.</summary>
internal static class MarkdownResults
{
    public static string Of(EvaluationReport report)
    {
        var text = new StringBuilder("# Evaluation\n\n");
        foreach (var (name, value) in report.Header.Entries())
        {
            text.Append("- ").Append(name).Append(": ").Append(MarkdownText.Escape(value)).Append('\n');
        }

        Append(text, ResultsTable.OfMetrics(report));
        Append(text, ResultsTable.OfMeasures(report));
        AppendList(text, "References", ResultsTable.Sources(report));
        AppendList(text, "Notes", [.. report.Results.SelectMany(result => result.Notes.Select(note => $"{result.Name}: {note}"))]);
        AppendList(
            text,
            "Settings",
            [.. report.Results.SelectMany(result => result.Settings.OrderBy(s => s.Key, StringComparer.Ordinal).Select(s => $"{result.Name}: {s.Key} {s.Value}"))]);
        AppendList(text, "Data", [.. report.Results.Select(result => $"{result.Name}: {result.Data}")]);
        return text.ToString();
    }

    private static void Append(StringBuilder text, ResultsTable table)
    {
        if (table.Rows.Count > 0)
        {
            text.Append('\n');
            Append(text, table.Headers);
            text.Append('|').AppendJoin(string.Empty, table.Headers.Select(_ => "---|")).Append('\n');
            foreach (var row in table.Rows)
            {
                Append(text, row);
            }
        }
    }

    private static void Append(StringBuilder text, IEnumerable<string> cells) =>
        text.Append("| ").AppendJoin(" | ", cells.Select(MarkdownText.Escape)).Append(" |\n");

    private static void AppendList(StringBuilder text, string title, IReadOnlyList<string> lines)
    {
        if (lines.Count > 0)
        {
            text.Append("\n## ").Append(title).Append("\n\n").AppendJoin(string.Empty, lines.Select(line => $"- {MarkdownText.Escape(line)}\n"));
        }
    }
}
