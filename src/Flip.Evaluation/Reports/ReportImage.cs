namespace Flip.Evaluation.Reports;

/// <summary>An image of a report's grid.</summary>
/// <param name="Content">A PNG or JPEG file; null where there is none to show.</param>
/// <param name="Caption">Lines below it.</param>
public sealed record ReportImage(byte[]? Content, IReadOnlyList<string> Caption);
