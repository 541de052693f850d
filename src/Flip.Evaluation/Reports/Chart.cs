using System.Globalization;
using System.Xml.Linq;
using OxyPlot;
using OxyPlot.Axes;
using OxyPlot.Series;

namespace Flip.Evaluation.Reports;

/// <summary>
/// Line charts for reports, by OxyPlot: it carries the measures of its font and leaves the letters to the browser, where Skia-based
/// libraries draw none at all on a machine without fonts.
/// </summary>
public sealed class Chart
{
    private const int Width = 760;
    private const int Height = 380;

    /// <summary>More points than pixels only make the file larger.</summary>
    private const int MaxPoints = 1500;

    private static readonly OxyColor Ink = OxyColor.FromRgb(0x3A, 0x3A, 0x3A);

    /// <summary>Okabe and Ito's palette, which color-blind people can tell apart too.</summary>
    private static readonly OxyColor[] Palette =
    [
        OxyColor.FromUInt32(0xFF0072B2), OxyColor.FromUInt32(0xFFD55E00), OxyColor.FromUInt32(0xFF009E73), OxyColor.FromUInt32(0xFFCC79A7),
        OxyColor.FromUInt32(0xFFE69F00), OxyColor.FromUInt32(0xFF56B4E9), OxyColor.FromUInt32(0xFF8C6D31), OxyColor.FromUInt32(0xFF7F7F7F),
    ];

    private readonly PlotModel _model = new()
    {
        Culture = CultureInfo.InvariantCulture,
        DefaultFont = "sans-serif",
        TextColor = Ink,
        PlotAreaBorderThickness = new OxyThickness(1, 0, 0, 1),
        PlotAreaBorderColor = Ink,
        Background = OxyColors.Undefined,
    };

    /// <param name="xLabel">What the horizontal axis is.</param>
    /// <param name="yLabel">What the vertical axis is.</param>
    /// <param name="series">The curves.</param>
    /// <param name="logarithmicY">A logarithmic vertical axis; points at or below 0 are left out.</param>
    /// <param name="logarithmicX">The same of the horizontal axis.</param>
    /// <exception cref="ArgumentException">A series has not as many x as y.</exception>
    public Chart(string xLabel, string yLabel, IReadOnlyList<ChartSeries> series, bool logarithmicY = false, bool logarithmicX = false)
    {
        _model.Axes.Add(Styled(logarithmicX ? new LogarithmicAxis() : new LinearAxis(), AxisPosition.Bottom, xLabel));
        _model.Axes.Add(Styled(logarithmicY ? new LogarithmicAxis() : new LinearAxis(), AxisPosition.Left, yLabel));
        for (var i = 0; i < series.Count; i++)
        {
            _model.Series.Add(Line(series[i], Palette[i % Palette.Length], logarithmicX, logarithmicY));
        }

        Legend = [.. series.Select((s, i) => (s.Name, $"#{Palette[i % Palette.Length].ToUint() & 0xFFFFFF:x6}"))];
    }

    /// <summary>Name and color (<c>#rrggbb</c>) of every series, for the page to show: it knows how wide the words are.</summary>
    public IReadOnlyList<(string Name, string Color)> Legend { get; }

    /// <summary>The chart as an SVG element that takes the width of its place.</summary>
    /// <param name="idPrefix">Begins the names of its parts; one page may hold each only once.</param>
    public string ToSvg(string idPrefix = "")
    {
        var document = XDocument.Parse(new SvgExporter { Width = Width, Height = Height, IsDocument = false }.ExportToString(_model));
        var svg = document.Root!;
        svg.SetAttributeValue("width", null);
        svg.SetAttributeValue("height", null);
        svg.SetAttributeValue("viewBox", $"0 0 {Width} {Height}");
        foreach (var attribute in svg.Descendants().Attributes())
        {
            attribute.Value = attribute.Name.LocalName switch
            {
                "id" => idPrefix + attribute.Value,
                "clip-path" => attribute.Value.Replace("url(#", "url(#" + idPrefix, StringComparison.Ordinal),
                _ => attribute.Value,
            };
        }

        foreach (var text in svg.Descendants().Where(element => element.Name.LocalName == "text"))
        {
            // Not every viewer knows the baselines of SVG; a shift does the same everywhere.
            var baseline = text.Attribute("dominant-baseline")?.Value;
            text.SetAttributeValue("dy", baseline switch { "hanging" => ".8em", "middle" => ".35em", _ => "0" });
            text.SetAttributeValue("dominant-baseline", null);
        }

        return svg.ToString(SaveOptions.DisableFormatting);
    }

    private static Axis Styled(Axis axis, AxisPosition position, string label)
    {
        axis.Position = position;
        axis.Title = label;
        axis.LabelFormatter = ShortNumber;
        axis.TicklineColor = Ink;
        axis.MinorTickSize = 0;
        axis.AxisTitleDistance = 10;
        axis.MajorGridlineStyle = LineStyle.Solid;
        axis.MajorGridlineColor = OxyColor.FromAColor(28, OxyColors.Black);
        axis.MinimumPadding = axis.MaximumPadding = 0.02;
        return axis;
    }

    private static LineSeries Line(ChartSeries series, OxyColor color, bool logarithmicX, bool logarithmicY)
    {
        if (series.Xs.Count != series.Ys.Count)
        {
            throw new ArgumentException($"The series '{series.Name}' has {series.Xs.Count} x and {series.Ys.Count} y.", nameof(series));
        }

        var points = series.Xs.Zip(series.Ys, (x, y) => new DataPoint(x, y))
            .Where(point => double.IsFinite(point.X) && double.IsFinite(point.Y) && !(logarithmicX && point.X <= 0) && !(logarithmicY && point.Y <= 0))
            .ToList();
        var stride = Math.Max(1, (points.Count + MaxPoints - 1) / MaxPoints);
        var line = new LineSeries
        {
            Title = series.Name,
            Color = color,
            StrokeThickness = 2,
            MarkerType = points.Count > 20 ? MarkerType.None : MarkerType.Circle,
            MarkerFill = color,
        };
        line.Points.AddRange(points.Where((_, i) => i % stride == 0 || i == points.Count - 1));
        return line;
    }

    private static string ShortNumber(double value) => Math.Abs(value) switch
    {
        >= 1e9 => (value / 1e9).ToString("0.###B", CultureInfo.InvariantCulture),
        >= 1e6 => (value / 1e6).ToString("0.###M", CultureInfo.InvariantCulture),
        >= 1e4 => (value / 1e3).ToString("0.###k", CultureInfo.InvariantCulture),
        >= 1e-3 or 0 => value.ToString("0.####", CultureInfo.InvariantCulture),
        _ => value.ToString("0.##e-0", CultureInfo.InvariantCulture),
    };
}
