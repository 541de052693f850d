using System.Globalization;
using System.Text;
using Flip.Tasks.Studies;

namespace Flip.Cli.Reporting;

/// <summary>What a study will take, as Markdown.</summary>
internal static class ForecastText
{
    /// <summary>The forecast.</summary>
    /// <param name="forecast">What is known.</param>
    /// <param name="machine">The machine that it is reckoned for; null for this one.</param>
    public static string Of(StudyForecast forecast, StudyMachine? machine)
    {
        var text = new StringBuilder();
        string[] headers = machine is null ? ["cell", "seed", "pairs", "tuning", "batch", "operations", "hours"] : ["cell", "seed", "pairs", "tuning", "batch", "operations", "GPU hours", "cost"];
        StudyText.AppendTable(text, headers, [.. forecast.Cells.Select(cell => Row(cell, machine))]);
        text.AppendLine().AppendLine("Trainings that cells share count once in the sum:").AppendLine();
        text.AppendLine(CultureInfo.InvariantCulture, $"- {forecast.Flops:0.00e0} operations");
        if (machine is not null)
        {
            var hours = machine.HoursOf(forecast.Flops);
            text.AppendLine(CultureInfo.InvariantCulture, $"- {hours:N1} GPU hours at {machine.TeraFlops:N0} TFLOP/s and {100 * machine.Utilization:0} % of it used")
                .AppendLine(CultureInfo.InvariantCulture, $"- {(machine.Price > 0 ? string.Create(CultureInfo.InvariantCulture, $"{hours * machine.Price:N2} at {machine.Price:0.##} an hour") : "no price was given (--price)")}");
        }
        else
        {
            text.AppendLine(forecast.Seconds is { } seconds
                ? string.Create(CultureInfo.InvariantCulture, $"- {seconds / 3600:N2} hours on this machine, by steps measured in turns, without what is measured at the end of each training")
                : "- no step was timed: the steps are too long for it on this machine. Name another one by --device-tflops.");
        }

        return text.ToString();
    }

    private static string[] Row(CellForecast cell, StudyMachine? machine) =>
    [
        string.Join(", ", cell.Values),
        cell.Seed.ToString(CultureInfo.InvariantCulture),
        cell.Samples.ToString("N0", CultureInfo.InvariantCulture),
        cell.TuningSamples == 0 ? "" : cell.TuningSamples.ToString("N0", CultureInfo.InvariantCulture),
        cell.BatchSize.ToString("N0", CultureInfo.InvariantCulture),
        cell.Flops.ToString("0.00e0", CultureInfo.InvariantCulture),
        .. machine is null ? [cell.Seconds is { } seconds ? (seconds / 3600).ToString("N2", CultureInfo.InvariantCulture) : "-"]
            : new[] { machine.HoursOf(cell.Flops).ToString("N1", CultureInfo.InvariantCulture), machine.Price > 0 ? (machine.HoursOf(cell.Flops) * machine.Price).ToString("N2", CultureInfo.InvariantCulture) : "-" },
    ];
}

/// <summary>A machine that a study is reckoned for.</summary>
/// <param name="TeraFlops">What its matrix product reaches by its maker's word, 10^12 operations a second.</param>
/// <param name="Utilization">Share of it that a training uses.</param>
/// <param name="Price">Price of an hour of one; 0 for none.</param>
internal sealed record StudyMachine(double TeraFlops, double Utilization, double Price)
{
    public double HoursOf(double flops) => flops / (TeraFlops * 1e12 * Utilization) / 3600;
}
