using System.Globalization;
using System.Text;
using Flip.Ingest.Selection;

namespace Flip.Cli.Reporting;

/// <summary>The result of a selection for a console.</summary>
internal static class SelectText
{
    public static string Of(SelectResult result, string? output)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{result.Rows:N0} rows: {result.Selected:N0} selected ({Percent(result.Selected, result.Rows)})");
        foreach (var (column, rows) in result.WithoutValue.Where(column => column.Value > 0))
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Without a value in {column}: {rows:N0} ({Percent(rows, result.Rows)}); a comparison with no value selects nothing.");
        }

        if (result.Unreadable > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Lines that are no rows: {result.Unreadable:N0}.");
        }

        if (output is not null && result.Written > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{result.Written:N0} written to {Path.GetFullPath(output)}");
        }
        else if (output is null && result.Written < result.Selected)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"{result.Written:N0} would be written.");
        }

        return text.ToString();
    }

    private static string Percent(long part, long all) => string.Create(CultureInfo.InvariantCulture, $"{(all > 0 ? 100.0 * part / all : 0):0.##} %");
}
