using System.Globalization;
using System.Text.Json;
using Flip.Tasks.Captioning;
using Spectre.Console;

namespace Flip.Cli.Reporting;

/// <summary>Captions and their figures on the console.</summary>
internal static class CaptionText
{
    private static readonly string[] Columns = ["BLEU-1", "BLEU-2", "BLEU-3", "BLEU-4", "ROUGE-L", "CIDEr-D", "METEOR", "SPICE"];

    /// <summary>What was done, as <c>--json</c> and <c>results.json</c> have it.</summary>
    internal sealed record Report(string Captioner, long Samples, long Steps, double Seconds, IReadOnlyList<CaptionScoresOfSet> Tests);

    /// <summary>A row a test set; in percent, as papers have them. METEOR and SPICE are programs of their own.</summary>
    public static void Print(Report report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, JsonOutput.Options));
            return;
        }

        if (report.Tests.Count == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns(["test set", "images", .. Columns]);
        foreach (var test in report.Tests)
        {
            table.AddRow([
                Markup.Escape(test.Source),
                test.Images.ToString("N0", CultureInfo.InvariantCulture),
                .. Columns.Select(column => test.Measures.TryGetValue(column, out var value) ? (100 * value).ToString("0.0", CultureInfo.InvariantCulture) : "-")]);
        }

        Consoles.Output().Write(table);
    }

    /// <summary>Captions, an image a line; several with their log-probabilities below it.</summary>
    public static void Print(IReadOnlyList<(string Key, IReadOnlyList<WrittenCaption> Captions)> images, int top)
    {
        foreach (var (key, captions) in images)
        {
            if (top == 1)
            {
                Console.WriteLine($"{key}\t{captions[0].Text}");
                continue;
            }

            Console.WriteLine(key);
            foreach (var caption in captions.Take(top))
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {caption.LogProbability,8:0.00}  {caption.Text}"));
            }
        }
    }
}
