namespace Flip.Evaluation.Reports;

/// <summary>A curve of a chart. Points that are not finite are left out.</summary>
/// <param name="Name">Name in the legend.</param>
/// <param name="Xs">Horizontal coordinates.</param>
/// <param name="Ys">Vertical coordinates, as many.</param>
public sealed record ChartSeries(string Name, IReadOnlyList<double> Xs, IReadOnlyList<double> Ys);
