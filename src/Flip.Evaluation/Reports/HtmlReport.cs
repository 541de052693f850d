using System.Globalization;
using System.Net;
using System.Text;
using Flip.Io;

namespace Flip.Evaluation.Reports;

/// <summary>
/// A report as one HTML file that needs nothing else: styles, charts (SVG) and images (data URIs) are inside. Texts are escaped.
/// </summary>
public sealed class HtmlReport(string title)
{
    private const string Style = """
        :root { color-scheme: light dark; --ground: #fff; --text: #1c1e21; --faint: #667; --line: #dde1e6; --panel: #f6f7f9; }
        @media (prefers-color-scheme: dark) {
          :root { --ground: #16181c; --text: #e4e6ea; --faint: #99a; --line: #33373e; --panel: #1f2228; }
        }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 62rem; background: var(--ground); color: var(--text);
               font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif; }
        h1 { font-size: 1.9rem; line-height: 1.2; margin: 0 0 1.5rem; }
        h2 { font-size: 1.3rem; margin: 2.5rem 0 .75rem; padding-top: 1rem; border-top: 1px solid var(--line); }
        h3 { font-size: 1rem; margin: 1.5rem 0 .5rem; }
        p { max-width: 46rem; white-space: pre-line; }
        .scroll { overflow-x: auto; }
        table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: .93rem; }
        th, td { padding: .35rem .9rem .35rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
        td.number, th.number { text-align: right; }
        th { color: var(--faint); font-weight: 600; }
        figure { margin: 1rem 0; }
        figure.chart svg { display: block; width: 100%; height: auto; }
        .legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; font-size: .85rem; }
        .legend i { display: inline-block; width: 1.1rem; height: .2rem; margin-right: .4rem; vertical-align: middle; border-radius: 2px; }
        @media (prefers-color-scheme: dark) { figure.chart svg, .legend i { filter: invert(.88) hue-rotate(180deg); } }
        .grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 1rem; }
        .grid figure { margin: 0; }
        .grid img { width: 100%; border-radius: 6px; background: var(--panel); image-rendering: auto; }
        .bars td { padding: .1rem .75rem .1rem 0; border: 0; }
        .bars td:nth-child(2) { width: 20rem; }
        .bars i { display: block; height: .8rem; margin-top: .35rem; border-radius: 2px; background: #56b4e9; }
        .heat { border-collapse: separate; border-spacing: 1px; font-size: .72rem; }
        .heat th, .heat td { padding: .1rem .3rem; border: 0; text-align: right; white-space: nowrap; }
        .heat td { min-width: 1.6rem; background: var(--panel); }
        figcaption { font-size: .82rem; line-height: 1.35; color: var(--faint); overflow-wrap: anywhere; }
        figcaption div:first-child { color: var(--text); }
        """;

    /// <summary>More bars than these are folded away below the first.</summary>
    private const int BarsShown = 40;

    private static readonly byte[] PngSignature = [0x89, (byte)'P', (byte)'N', (byte)'G'];

    private readonly StringBuilder _body = new();
    private int _charts;

    /// <summary>Begins a section.</summary>
    public void AddHeading(string text) => _body.Append(CultureInfo.InvariantCulture, $"<h2>{Escape(text)}</h2>\n");

    /// <summary>Begins a part of a section.</summary>
    public void AddSubheading(string text) => _body.Append(CultureInfo.InvariantCulture, $"<h3>{Escape(text)}</h3>\n");

    /// <summary>Adds a paragraph; line ends stay.</summary>
    public void AddParagraph(string text) => _body.Append(CultureInfo.InvariantCulture, $"<p>{Escape(text)}</p>\n");

    /// <summary>Adds a table; cells that begin with a digit or sign stand to the right.</summary>
    /// <exception cref="ArgumentException">A row is not as long as the headers.</exception>
    public void AddTable(IReadOnlyList<string> headers, IEnumerable<IReadOnlyList<string>> rows)
    {
        var cells = rows.ToList();
        if (cells.Find(row => row.Count != headers.Count) is { } wrong)
        {
            throw new ArgumentException($"A row of {wrong.Count} cells under {headers.Count} headers.", nameof(rows));
        }

        var isNumber = headers.Select((_, column) => cells.Count > 0 && cells.TrueForAll(row => IsNumber(row[column]))).ToList();
        _body.Append("<div class=\"scroll\"><table>\n<thead>");
        AppendRow("th", headers, isNumber);
        _body.Append("</thead>\n<tbody>");
        cells.ForEach(row => AppendRow("td", row, isNumber));
        _body.Append("</tbody>\n</table></div>\n");
    }

    /// <summary>Adds a line chart.</summary>
    /// <inheritdoc cref="Chart(string, string, IReadOnlyList{ChartSeries}, bool, bool)" path="/param"/>
    /// <param name="title">Above the chart.</param>
    public void AddChart(string title, string xLabel, string yLabel, IReadOnlyList<ChartSeries> series, bool logarithmicY = false, bool logarithmicX = false)
    {
        var chart = new Chart(xLabel, yLabel, series, logarithmicY, logarithmicX);
        AddSubheading(title);
        _body.Append("<figure class=\"chart\"><div class=\"legend\">");
        foreach (var (name, color) in chart.Legend)
        {
            _body.Append(CultureInfo.InvariantCulture, $"<span><i style=\"background:{color}\"></i>{Escape(name)}</span>");
        }

        _body.Append(CultureInfo.InvariantCulture, $"</div>{chart.ToSvg($"chart{++_charts}-")}</figure>\n");
    }

    /// <summary>Adds bars with their shares in percent, one below the other.</summary>
    /// <param name="title">Above the bars.</param>
    /// <param name="bars">The bars in their order.</param>
    public void AddBars(string title, IReadOnlyList<ReportBar> bars)
    {
        AddSubheading(title);
        AppendBars(bars.Take(BarsShown));
        if (bars.Count > BarsShown)
        {
            _body.Append(CultureInfo.InvariantCulture, $"<details><summary>{bars.Count - BarsShown} more</summary>\n");
            AppendBars(bars.Skip(BarsShown));
            _body.Append("</details>\n");
        }
    }

    /// <summary>Adds a table of counts in which a cell's colour is its share of the row.</summary>
    /// <param name="title">Above the table.</param>
    /// <param name="names">Names of rows and columns, the same.</param>
    /// <param name="counts"><c>[names, names]</c>.</param>
    /// <exception cref="ArgumentException">The sizes do not fit.</exception>
    public void AddHeatMap(string title, IReadOnlyList<string> names, int[,] counts)
    {
        if (counts.GetLength(0) != names.Count || counts.GetLength(1) != names.Count)
        {
            throw new ArgumentException($"{counts.GetLength(0)}×{counts.GetLength(1)} counts for {names.Count} names.", nameof(counts));
        }

        AddSubheading(title);
        _body.Append("<div class=\"scroll\"><table class=\"heat\">\n<tr><th></th>");
        _body.AppendJoin(string.Empty, names.Select((name, column) => $"<th title=\"{Escape(name)}\">{column}</th>")).Append("</tr>\n");
        for (var row = 0; row < names.Count; row++)
        {
            var total = Math.Max(1, Enumerable.Range(0, names.Count).Sum(column => counts[row, column]));
            _body.Append(CultureInfo.InvariantCulture, $"<tr><th>{Escape(names[row])} {row}</th>");
            for (var column = 0; column < names.Count; column++)
            {
                var count = counts[row, column];
                _body.Append(count == 0 ? "<td></td>" : string.Create(
                    CultureInfo.InvariantCulture, $"<td style=\"background:rgba(230,159,0,{(double)count / total:0.##})\">{count}</td>"));
            }

            _body.Append("</tr>\n");
        }

        _body.Append("</table></div>\n");
    }

    /// <summary>Adds images side by side.</summary>
    /// <param name="title">Above the images.</param>
    /// <param name="images">PNG or JPEG files with the lines below them.</param>
    public void AddImageGrid(string title, IEnumerable<ReportImage> images)
    {
        AddSubheading(title);
        _body.Append("<div class=\"grid\">\n");
        foreach (var image in images)
        {
            _body.Append("<figure>");
            if (image.Content is { } content)
            {
                var type = content.AsSpan().StartsWith(PngSignature) ? "png" : "jpeg";
                var alternative = Escape(string.Join(", ", image.Caption));
                _body.Append("<img alt=\"").Append(alternative)
                    .Append("\" src=\"data:image/").Append(type).Append(";base64,").Append(Convert.ToBase64String(content)).Append("\">");
            }

            _body.Append("<figcaption>").AppendJoin(string.Empty, image.Caption.Select(line => $"<div>{Escape(line)}</div>"))
                .Append("</figcaption></figure>\n");
        }

        _body.Append("</div>\n");
    }

    /// <summary>The whole document.</summary>
    public string ToHtml() => $"""
        <!DOCTYPE html>
        <html lang="en">
        <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>{Escape(title)}</title>
        <style>
        {Style}
        </style>
        </head>
        <body>
        <h1>{Escape(title)}</h1>
        {_body}
        </body>
        </html>

        """;

    /// <summary>Writes the document; the file appears whole or not at all.</summary>
    public void Write(string path) => AtomicFile.WriteText(path, ToHtml());

    private static bool IsNumber(string cell) => cell.Length == 0 || char.IsAsciiDigit(cell[0])
        || (cell.Length > 1 && "+-−±".Contains(cell[0], StringComparison.Ordinal) && char.IsAsciiDigit(cell[1]));

    private static string Escape(string text) => WebUtility.HtmlEncode(text);

    private void AppendBars(IEnumerable<ReportBar> bars)
    {
        _body.Append("<table class=\"bars\">\n");
        foreach (var bar in bars)
        {
            var percent = (100 * Math.Clamp(bar.Share, 0, 1)).ToString("0.0", CultureInfo.InvariantCulture);
            _body.Append(CultureInfo.InvariantCulture, $"<tr><td>{Escape(bar.Name)}</td><td><i style=\"width:{percent}%\"></i></td>")
                .Append(CultureInfo.InvariantCulture, $"<td class=\"number\">{percent}</td><td>{Escape(bar.Note)}</td></tr>\n");
        }

        _body.Append("</table>\n");
    }

    private void AppendRow(string element, IReadOnlyList<string> cells, List<bool> isNumber)
    {
        _body.Append("<tr>");
        for (var column = 0; column < cells.Count; column++)
        {
            var style = isNumber[column] ? " class=\"number\"" : string.Empty;
            _body.Append(CultureInfo.InvariantCulture, $"<{element}{style}>{Escape(cells[column])}</{element}>");
        }

        _body.Append("</tr>\n");
    }
}
