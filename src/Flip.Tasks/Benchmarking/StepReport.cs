using System.Globalization;
using System.Text;
using Flip.Training;

namespace Flip.Tasks.Benchmarking;

/// <summary>Training steps of one model at several mask ratios, measured in turn in one process.</summary>
/// <param name="BatchSize">Pairs in a step.</param>
/// <param name="Precision">Number format of the products.</param>
/// <param name="Device">Where the steps were computed.</param>
/// <param name="Threads">Compute threads.</param>
/// <param name="Rounds">Steps measured at each ratio.</param>
/// <param name="CeilingGflopPerSecond">The best of several large square matrix products in the same number format and run.</param>
/// <param name="MemoryBytes">On the processor the process's largest resident memory; on a GPU what is taken of its memory at the end, which libtorch keeps.</param>
/// <param name="Measurements">One for each ratio.</param>
public sealed record StepReport(
    int BatchSize,
    string Precision,
    string Device,
    int Threads,
    int Rounds,
    double CeilingGflopPerSecond,
    long MemoryBytes,
    IReadOnlyList<StepMeasurement> Measurements)
{
    /// <summary>Two tables and a line about the machine.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        Line(text, $"Batch {BatchSize}{Parts()}, {Precision}, {(Device == "cpu" ? $"{Threads} threads" : Device)}, median of {Rounds} steps.");
        Line(text, $"Matrix product {CeilingGflopPerSecond:0} GFLOP/s; {(Device == "cpu" ? "peak resident memory" : "memory of the device in use")} {MemoryBytes / 1e9:0.00} GB.");
        Line(text, $"Of each step: waits for the device {Measurements.Max(m => m.Waits)}, copies to it {Measurements.Max(m => m.Copies)}, together {Measurements.Max(m => m.CopiedBytes) / 1e6:0.0} MB.");
        Line(text, $"");
        Line(text, $"| mask | s/step | best | samples/s | GFLOP/pair | GFLOP/s | utilization | time | FLOP |");
        Line(text, $"|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
        foreach (var m in Measurements)
        {
            Line(text, $"| {m.MaskRatio:0.##} | {m.Seconds:0.0000} | {m.BestSeconds:0.0000} | {m.SamplesPerSecond:0.0} | {m.GflopPerPair:0.000} | {m.GflopPerSecond:0.0} | {m.Utilization * 100:0} % | {Times(m.RelativeTime)} | {Times(m.RelativeFlops)} |");
        }

        Line(text, $"");
        Line(text, $"| mask, ms | {string.Join(" | ", Enum.GetValues<StepPart>().Select(Title))} |");
        Line(text, $"|---:|{string.Concat(Enum.GetValues<StepPart>().Select(_ => "---:|"))}");
        foreach (var m in Measurements)
        {
            var cells = Enum.GetValues<StepPart>().Select(part => (m.PartSeconds[part] * 1e3).ToString("0.0", CultureInfo.InvariantCulture));
            Line(text, $"| {m.MaskRatio:0.##} | {string.Join(" | ", cells)} |");
        }

        return text.ToString();
    }

    private string Parts() => Measurements.Any(m => m.MicroBatch > 0)
        ? $" in parts of {string.Join(", ", Measurements.Select(m => m.MicroBatch > 0 ? m.MicroBatch : BatchSize).Distinct())}"
        : string.Empty;

    private static void Line(StringBuilder text, FormattableString line) =>
        text.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Times(double? ratio) => ratio is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:0.000}×") : "-";

    private static string Title(StepPart part) => part switch
    {
        StepPart.ImageForward => "image forward",
        StepPart.TextForward => "text forward",
        _ => part.ToString().ToLowerInvariant(),
    };
}
