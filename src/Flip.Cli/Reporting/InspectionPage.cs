using System.Globalization;
using Flip.Data.Inspection;
using Flip.Evaluation.Reports;

namespace Flip.Cli.Reporting;

/// <summary>An inspection of data as a page: numbers, histograms, a contact sheet.</summary>
internal static class InspectionPage
{
    private const int ImagesShown = 60;
    private const int LongestCaption = 120;

    public static void Write(string file, string source, InspectionResult found, PairInspection inspection)
    {
        var page = new HtmlReport($"Data {source}");
        page.AddParagraph(string.Create(
            CultureInfo.InvariantCulture,
            $"{found.Samples:N0} samples in {found.Shards:N0} shards, {found.Inspected:N0} of them read: {found.PerSecondAndThread:N0} a second and thread."));
        foreach (var line in found.Findings)
        {
            page.AddParagraph(line);
        }

        page.AddTable(
            ["", "count", "least", "5 %", "median", "mean", "95 %", "most"],
            [.. InspectionText.Rows(found).Where(row => row.Numbers is not null).Select(row => (IReadOnlyList<string>)[row.Name, .. Numbers(row.Numbers!)])]);
        page.AddParagraph($"Formats: {InspectionText.Counts(found.Images.Formats)}.");
        page.AddTable(
            ["what", "value"],
            [
                .. found.Captions.Cut.Select(cut => (IReadOnlyList<string>)[$"captions cut by a row of {cut.Key} tokens", Percent(cut.Value)]),
                ["images that repeat another one", Number(found.Images.Repeated)],
                ["captions that repeat another one", Number(found.Captions.Repeated)],
                .. found.Bad.Select(bad => (IReadOnlyList<string>)[$"cannot be used: {bad.Key}", Number(bad.Value)]),
            ]);
        page.AddHeading("Histograms");
        foreach (var (name, numbers) in InspectionText.Rows(found))
        {
            if (numbers is { Bins.Count: > 1 })
            {
                page.AddBars(name, [.. numbers.Bins.Select(bin => new ReportBar($"{bin.From:#,0.##} to {bin.End:#,0.##}", bin.Count / (double)numbers.Count, Number(bin.Count)))]);
            }
        }

        page.AddImageGrid("Contact sheet", inspection.Examples(ImagesShown).Select(one => new ReportImage(one.Image, [InspectionText.Short(one.Caption, LongestCaption)])));
        if (found.Captions.MostRepeated.Count > 0)
        {
            page.AddHeading("Captions that come most often");
            page.AddTable(["caption", "times"], [.. found.Captions.MostRepeated.Select(one => (IReadOnlyList<string>)[InspectionText.Short(one.Key, LongestCaption), Number(one.Value)])]);
        }

        if (found.Examples.Count > 0)
        {
            page.AddHeading("What cannot be used, the first of each cause");
            foreach (var example in found.Examples)
            {
                page.AddParagraph(example);
            }
        }

        page.Write(file);
    }

    private static IEnumerable<string> Numbers(Distribution numbers) =>
        [Number(numbers.Count), .. new[] { numbers.Least, numbers.Low, numbers.Median, numbers.Mean, numbers.High, numbers.Most }.Select(Number)];

    private static string Number(double number) => number.ToString("#,0.##", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (share * 100).ToString("0.0 '%'", CultureInfo.InvariantCulture);
}
