using System.Globalization;
using System.Text;

namespace Flip.Cli.Benchmarking.Scaling;

/// <summary>Steps of several models on growing numbers of GPUs.</summary>
/// <param name="Assumptions">What was assumed, one line each.</param>
/// <param name="Goal">The efficiency for which the network is sized, 0 to 1.</param>
/// <param name="Rows">The models.</param>
public sealed record ScalingReport(IReadOnlyList<string> Assumptions, double Goal, IReadOnlyList<ScalingRow> Rows)
{
    /// <summary>The assumptions, a table of efficiencies, and one of where the time goes.</summary>
    /// <param name="partsAt">GPUs of the second table.</param>
    public string ToMarkdown(int partsAt)
    {
        var text = new StringBuilder();
        foreach (var assumption in Assumptions)
        {
            Line(text, $"- {assumption}");
        }

        var worlds = Rows[0].Steps.Select(step => step.World).ToList();
        Line(text, $"");
        Line(text, $"| efficiency at GPUs | mask | batch | {string.Join(" | ", worlds)} |");
        Line(text, $"|---|---:|---:|{string.Concat(worlds.Select(_ => "---:|"))}");
        foreach (var row in Rows)
        {
            var cells = row.Steps.Select(step => string.Create(CultureInfo.InvariantCulture, $"{step.Efficiency * 100:0.0} %"));
            Line(text, $"| {row.Preset} | {row.Mask:0.##} | {row.Batch} | {string.Join(" | ", cells)} |");
        }

        Line(text, $"");
        Line(text, $"| ms at {partsAt} GPUs | mask | batch | pairs a GPU | step | towers | loss | update | passes | texts | columns | gradients | weights | agreement | pairs/s | GB/s for {Goal * 100:0.#} % |");
        Line(text, $"|---|{string.Concat(Enumerable.Repeat("---:|", 15))}");
        foreach (var row in Rows)
        {
            if (row.Steps.FirstOrDefault(step => step.World == partsAt) is { } step)
            {
                double[] parts = [step.Seconds, step.Towers, step.Loss, step.Update, step.Passes, step.Texts, step.Columns, step.Gradient, step.Weights, step.Agreement];
                var cells = parts.Select(seconds => (seconds * 1e3).ToString(seconds < 1e-3 ? "0.00" : "0.0", CultureInfo.InvariantCulture));
                Line(text, $"| {row.Preset} | {row.Mask:0.##} | {row.Batch} | {step.Pairs} | {string.Join(" | ", cells)} | {row.Batch / step.Seconds:0} | {Needed(row, step)} |");
            }
        }

        return text.ToString();
    }

    private static string Needed(ScalingRow row, ScalingStep step) => row.NeededBandwidth[step.World] is { } needed
        ? (needed / 1e9).ToString("0.0", CultureInfo.InvariantCulture)
        : "none is enough";

    private static void Line(StringBuilder text, FormattableString line) => text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');
}

/// <summary>A model on growing numbers of GPUs.</summary>
/// <param name="Preset">The recipe whose model it is.</param>
/// <param name="Mask">Share of patches removed.</param>
/// <param name="Batch">Pairs of a step, of all GPUs together.</param>
/// <param name="Steps">One for each number of GPUs.</param>
/// <param name="NeededBandwidth">Of each number of GPUs the bandwidth of a GPU's network card that reaches the goal, bytes a second; null where none does.</param>
public sealed record ScalingRow(string Preset, double Mask, int Batch, IReadOnlyList<ScalingStep> Steps, IReadOnlyDictionary<int, double?> NeededBandwidth);
