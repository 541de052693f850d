using System.Text.RegularExpressions;
using System.Xml.Linq;
using Flip.Cli.Reporting;
using SkiaSharp;

namespace Flip.Tests.Cli.Reporting;

public class HtmlReportTests
{
    private static readonly double[] Xs = [0, 1000, 2000, 3000];

    [Fact]
    public void Texts_are_escaped_everywhere()
    {
        const string Evil = "<script>alert('x')</script> & \"quotes\"";
        var report = new HtmlReport(Evil);
        report.AddHeading(Evil);
        report.AddParagraph(Evil);
        report.AddTable([Evil], [[Evil]]);
        report.AddChart(Evil, Evil, Evil, [new ChartSeries(Evil, Xs, Xs), new ChartSeries("b", Xs, Xs)]);
        report.AddImageGrid(Evil, [new ReportImage([0xFF, 0xD8, 0xFF], [Evil])]);
        var html = report.ToHtml();
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("data:image/jpeg;base64,/9j/", html, StringComparison.Ordinal);
    }

    [Fact]
    public void Nothing_outside_the_file_is_needed()
    {
        var report = new HtmlReport("A run");
        report.AddChart("Loss", "samples", "loss", [new ChartSeries("train", Xs, [4, 3, 2, 1])], logarithmicY: true);
        var html = report.ToHtml();
        Assert.DoesNotContain("src=\"http", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<link", html, StringComparison.Ordinal);
        Assert.DoesNotContain("@import", html, StringComparison.Ordinal);
        Assert.DoesNotContain("url(http", html, StringComparison.Ordinal);
    }

    [Fact]
    public void A_chart_is_a_well_formed_SVG_element_with_its_curves_and_words()
    {
        var svg = XElement.Parse(new Chart("samples", "loss", [new ChartSeries("a", Xs, [4, double.NaN, 2, 1]), new ChartSeries("b", Xs, Xs)]).ToSvg());
        Assert.Equal("svg", svg.Name.LocalName);
        var words = svg.Descendants().Where(e => e.Name.LocalName == "text").Select(e => e.Value).ToList();
        Assert.Superset(new HashSet<string> { "samples", "loss", "0", "1000", "3000" }, words.ToHashSet());

        // The point without a number is left out.
        var curve = Assert.Single(svg.Descendants(), e => e.Attribute("style")?.Value.Contains("stroke:rgb(0,114,178)", StringComparison.Ordinal) == true);
        Assert.Equal(3, curve.Attribute("points")!.Value.Split(' ').Length);
    }

    [Fact]
    public void A_legend_names_every_curve_in_its_color()
    {
        var report = new HtmlReport("t");
        report.AddChart("a", "x", "y", [new ChartSeries("first", Xs, Xs), new ChartSeries("second", Xs, Xs)]);
        Assert.Contains("background:#0072b2\"></i>first</span>", report.ToHtml(), StringComparison.Ordinal);
        Assert.Contains("background:#d55e00\"></i>second</span>", report.ToHtml(), StringComparison.Ordinal);
    }

    [Fact]
    public void Charts_of_one_page_share_no_names()
    {
        var report = new HtmlReport("t");
        report.AddChart("a", "x", "y", [new ChartSeries("a", Xs, Xs)]);
        report.AddChart("b", "x", "y", [new ChartSeries("a", Xs, Xs)]);
        var ids = Regex.Matches(report.ToHtml(), " id=\"([^\"]*)\"").Select(match => match.Groups[1].Value).ToList();
        Assert.NotEmpty(ids);
        Assert.Equal(ids.Count, ids.Distinct().Count());
        Assert.All(Regex.Matches(report.ToHtml(), @"url\(#([^)]*)\)"), match => Assert.Contains(match.Groups[1].Value, ids));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Odd_series_are_drawn_without_trouble(bool logarithmicY)
    {
        var many = Enumerable.Range(0, 100_000).Select(i => (double)i).ToArray();
        var series = new ChartSeries[]
        {
            new("none", [], []),
            new("one", [1], [1]),
            new("not finite", [1, 2], [double.NaN, double.PositiveInfinity]),
            new("negative", [1, 2], [-1, 0]),
            new("many", many, many),
        };
        var chart = new Chart("x", "y", series, logarithmicY);
        Assert.InRange(chart.ToSvg().Length, 100, 500_000);
        var empty = new Chart("x", "y", [], logarithmicY);
        Assert.NotEmpty(empty.ToSvg());
        Assert.Throws<ArgumentException>(() => new Chart("x", "y", [new ChartSeries("a", [1], [])]));
    }

    [Fact]
    public void A_table_puts_numbers_to_the_right_and_refuses_ragged_rows()
    {
        var report = new HtmlReport("t");
        report.AddTable(["name", "value"], [["a", "1.5"], ["b", "-2"]]);
        Assert.Contains("<td>a</td><td class=\"number\">1.5</td>", report.ToHtml(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => report.AddTable(["a"], [["1", "2"]]));
    }

    [Fact]
    public void A_report_is_written_whole()
    {
        using var folder = new TemporaryFolder();
        new HtmlReport("t").Write(folder.File("sub/report.html"));
        Assert.StartsWith("<!DOCTYPE html>", File.ReadAllText(folder.File("sub/report.html")), StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(folder.File("sub")));
    }

    [Fact]
    public void Removed_patches_are_gray_and_kept_ones_unchanged()
    {
        const int Size = 4;
        var rgb = Enumerable.Range(0, Size * Size * 3).Select(i => (byte)i).ToArray();
        using var image = SKBitmap.Decode(MaskedImage.Render(rgb, Size, 2, [1, 2]));
        for (var y = 0; y < Size; y++)
        {
            for (var x = 0; x < Size; x++)
            {
                var first = ((y * Size) + x) * 3;
                var isKept = x / 2 != y / 2;
                var expected = isKept ? new SKColor(rgb[first], rgb[first + 1], rgb[first + 2]) : new SKColor(0xB8, 0xB8, 0xB8);
                Assert.Equal(expected, image.GetPixel(x, y));
            }
        }

        Assert.Throws<ArgumentException>(() => MaskedImage.Render(rgb, 4, 3, []));
        Assert.Throws<ArgumentOutOfRangeException>(() => MaskedImage.Render(rgb, 4, 2, [4]));
    }
}
