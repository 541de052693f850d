namespace Flip.Cli.Reporting;

/// <summary>An image of a report's grid.</summary>
/// <param name="Content">A PNG or JPEG file.</param>
/// <param name="Caption">Lines below it.</param>
public sealed record ReportImage(byte[] Content, IReadOnlyList<string> Caption);
