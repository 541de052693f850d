using System.Text.RegularExpressions;
using System.Xml.Linq;
using Flip.Evaluation.Reports;

namespace Flip.Tests.Evaluation.Reports;

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
        report.AddImageGrid(Evil, [new ReportImage([0xFF, 0xD8, 0xFF], [Evil]), new ReportImage(null, [Evil])]);
        report.AddSubheading(Evil);
        report.AddBars(Evil, [new ReportBar(Evil, 0.5, Evil)]);
        report.AddHeatMap(Evil, [Evil], new[,] { { 1 } });
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
    public void Bars_have_the_length_of_their_share_and_many_are_folded_away()
    {
        var report = new HtmlReport("t");
        report.AddBars("bars", [new ReportBar("a", 0.125, "8 images"), new ReportBar("b", 1, "")]);
        Assert.Contains(
            "<td>a</td><td><i style=\"width:12.5%\"></i></td><td class=\"number\">12.5</td><td>8 images</td>",
            report.ToHtml(),
            StringComparison.Ordinal);
        Assert.DoesNotContain("<details>", report.ToHtml(), StringComparison.Ordinal);
        report.AddBars("many", [.. Enumerable.Range(0, 45).Select(i => new ReportBar($"class {i}", 0.5, ""))]);
        Assert.Contains("<details><summary>5 more</summary>", report.ToHtml(), StringComparison.Ordinal);
        Assert.Contains("class 44", report.ToHtml(), StringComparison.Ordinal);
    }

    [Fact]
    public void A_heat_map_colours_each_cell_by_its_share_of_the_row()
    {
        var report = new HtmlReport("t");
        report.AddHeatMap("map", ["cat", "dog"], new[,] { { 3, 1 }, { 0, 0 } });
        Assert.Contains(
            "<tr><th>cat 0</th><td style=\"background:rgba(230,159,0,0.75)\">3</td><td style=\"background:rgba(230,159,0,0.25)\">1</td></tr>",
            report.ToHtml(),
            StringComparison.Ordinal);
        Assert.Contains("<tr><th>dog 1</th><td></td><td></td></tr>", report.ToHtml(), StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => report.AddHeatMap("map", ["cat"], new int[1, 2]));
    }
}
