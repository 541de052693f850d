namespace Flip.Conversion.Onnx;

/// <summary>How far an output of an exported model is from the model's.</summary>
/// <param name="File">The exported file, by name.</param>
/// <param name="Output">Name of the output.</param>
/// <param name="Precision">The file's number format.</param>
/// <param name="Largest">Largest absolute difference of an entry; NaN where an entry is no number.</param>
/// <param name="Cosine">Smallest cosine between a row and the model's.</param>
/// <param name="MeanCosine">The same on average.</param>
/// <param name="SameBest">Share of the rows whose largest entry is in the same place; of logits, the best match stays the best.</param>
/// <param name="Tolerance">What <see cref="Largest"/> may be.</param>
public sealed record OnnxDifference(
    string File, string Output, OnnxPrecision Precision, double Largest, double Cosine, double MeanCosine, double SameBest, double Tolerance)
{
    /// <summary>Whether the rows are logits, whose largest entry is the best match.</summary>
    public bool IsRanking => Output is OnnxExporter.LogitsPerImage or OnnxExporter.LogitsPerText;

    /// <summary>Whether the difference is within the tolerance.</summary>
    public bool IsWithin => Largest <= Tolerance;

    /// <summary>Compares two tables.</summary>
    internal static OnnxDifference Of(
        string file, string output, OnnxPrecision precision, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int columns, double tolerance)
    {
        if (expected.Length != actual.Length)
        {
            throw new ArgumentException($"{file}: {output} has {actual.Length} entries, the model's {expected.Length}.", nameof(actual));
        }

        var (largest, least, sum, same) = (0.0, 1.0, 0.0, 0);
        for (var row = 0; row < expected.Length; row += columns)
        {
            var (dot, ours, theirs) = (0.0, 0.0, 0.0);
            var (best, found) = (row, row);
            for (var i = row; i < row + columns; i++)
            {
                largest = Math.Max(largest, Math.Abs((double)expected[i] - actual[i])); // of a NaN and a number the NaN
                dot += (double)expected[i] * actual[i];
                ours += (double)expected[i] * expected[i];
                theirs += (double)actual[i] * actual[i];
                (best, found) = (expected[i] > expected[best] ? i : best, actual[i] > actual[found] ? i : found);
            }

            // Two rows of zeros, such as a mean over no token, point the same way.
            var cosine = ours == 0 && theirs == 0 ? 1 : dot / Math.Sqrt(ours * theirs);
            (least, sum) = (Math.Min(least, cosine), sum + cosine);
            same += best == found ? 1 : 0;
        }

        var rows = expected.Length / columns;
        return new OnnxDifference(file, output, precision, largest, least, sum / rows, (double)same / rows, tolerance);
    }
}
