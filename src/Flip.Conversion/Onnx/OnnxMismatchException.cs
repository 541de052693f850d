using System.Globalization;

namespace Flip.Conversion.Onnx;

/// <summary>An exported model computes something else than the model it was made from.</summary>
public sealed class OnnxMismatchException : FlipException
{
    /// <param name="folder">Where the files are.</param>
    /// <param name="differences">All differences, at least one of them beyond its tolerance.</param>
    public OnnxMismatchException(string folder, IReadOnlyList<OnnxDifference> differences)
        : base($"{folder}: the export differs from the model: {Describe(differences.Where(difference => !difference.IsWithin))}. Another number format may hold.") =>
        Differences = differences;

    /// <summary>All differences.</summary>
    public IReadOnlyList<OnnxDifference> Differences { get; }

    private static string Describe(IEnumerable<OnnxDifference> beyond) => string.Join("; ", beyond.Select(found => string.Create(
        CultureInfo.InvariantCulture,
        $"{found.File} {found.Output} by {found.Largest:g3}, allowed {found.Tolerance:g3}, cosine {found.Cosine:f4}")));
}
