using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Progress;
using Spectre.Console;

namespace Flip.Cli.Commands;

/// <summary><c>flip compare</c>: two evaluations of the same images, and whether their difference is more than chance.</summary>
internal static class CompareCommand
{
    public static Command Create()
    {
        var a = new Argument<string>("A") { Description = "Results: the folder that an evaluation wrote, or its results.json." };
        var b = new Argument<string>("B") { Description = "Results to compare with them." };
        var samples = new Option<int>("--samples")
        {
            Description = "Bootstrap replicates, at least 100.",
            DefaultValueFactory = _ => Bootstrap.DefaultSamples,
        };
        var json = new Option<bool>("--json") { Description = "Print the comparison as JSON." };
        var command = new Command("compare", "Compare two evaluations image by image: differences with 95 % intervals of a paired bootstrap.")
        {
            a, b, samples, json,
        };
        command.SetAction((result, cancellation) =>
        {
            Run(result.GetValue(a)!, result.GetValue(b)!, result.GetValue(samples), result.GetValue(json), cancellation);
            return Task.FromResult(0);
        });
        return command;
    }

    private static void Run(string a, string b, int samples, bool json, CancellationToken cancellation)
    {
        Bootstrap.CheckSamples(samples);
        Comparison comparison;
        using (var view = Consoles.Progress(json: true)) // standard output is for the comparison
        {
            ItemMeter? meter = null;
            comparison = Comparison.Of(
                a, b, samples, (done, all) => (meter ??= new ItemMeter(view, "compare", "data sets", all)).Report(done), cancellation);
        }

        if (comparison.Sets.Count == 0)
        {
            throw new ConfigException(comparison.Refused);
        }

        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(comparison, JsonOutput.Options));
        }
        else
        {
            Write(Consoles.Output(), comparison);
        }
    }

    private static void Write(IAnsiConsole console, Comparison comparison)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("data set", "metric");
        foreach (var name in (string[])["A %", "B %", "B - A", "95 % interval", "images", "only A right", "only B right"])
        {
            table.AddColumn(new TableColumn(name).RightAligned());
        }

        foreach (var set in comparison.Sets)
        {
            table.AddRow(
                Markup.Escape(set.Name),
                set.Metric.Title(),
                Percent(set.A, ""),
                Percent(set.B, ""),
                Percent(set.Difference, "+"),
                set.Interval is { } interval
                    ? $"{Percent(interval.Low, "+")} to {Percent(interval.High, "+")}{(set.ExcludesZero ? " *" : "  ")}"
                    : "none",
                set.Images.ToString(CultureInfo.InvariantCulture),
                set.OnlyA.ToString(CultureInfo.InvariantCulture),
                set.OnlyB.ToString(CultureInfo.InvariantCulture));
        }

        console.Write(table);
        console.WriteLine("* the interval excludes 0.");
        foreach (var line in comparison.Refused.Select(line => $"Not compared: {line}").Concat(comparison.Warnings))
        {
            console.WriteLine(line);
        }
    }

    private static string Percent(double share, string sign) =>
        (100 * share).ToString(sign.Length == 0 ? "0.0" : "+0.0;-0.0;0.0", CultureInfo.InvariantCulture);
}
