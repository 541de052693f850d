namespace Flip.Evaluation.Reports;

/// <summary>A bar of a report.</summary>
/// <param name="Name">What it is of.</param>
/// <param name="Share">Its length, between 0 and 1.</param>
/// <param name="Note">Beside the number.</param>
public sealed record ReportBar(string Name, double Share, string Note);
