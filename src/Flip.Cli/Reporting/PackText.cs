using System.Globalization;
using System.Text;
using Flip.Ingest.Packing;

namespace Flip.Cli.Reporting;

/// <summary>The result of a packing for a console.</summary>
internal static class PackText
{
    public static string Of(PackState state, string folder)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"{state.Entries:N0} entries: {state.Samples:N0} samples in {state.Shards:N0} shards, {state.Bytes / 1e6:N1} MB, in {folder}");
        if (state.Dropped.Count > 0)
        {
            text.AppendLine().AppendLine("| left out | entries | the first |").AppendLine("|---|---:|---|");
            foreach (var (cause, count) in state.Dropped.OrderByDescending(drop => drop.Value))
            {
                text.AppendLine(CultureInfo.InvariantCulture, $"| {cause} | {count:N0} | {state.Examples.GetValueOrDefault(cause)} |");
            }
        }

        foreach (var (cause, count) in state.DroppedCaptions)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Captions left out of samples that have others: {cause} {count:N0}.");
        }

        if (state.NotFound > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Samples of the selection that the source has not: {state.NotFound:N0}.");
        }

        if (state.Samples > 0)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"Next: flip data inspect {folder}");
        }

        return text.ToString();
    }
}
