namespace Flip.Conversion.Onnx;

/// <summary>How far an output of an exported model is from the model's.</summary>
/// <param name="File">The exported file, by name.</param>
/// <param name="Output">Name of the output.</param>
/// <param name="Largest">Largest absolute difference of an entry; NaN where an entry is no number.</param>
/// <param name="Cosine">Smallest cosine between a row and the model's.</param>
/// <param name="Tolerance">What <see cref="Largest"/> may be.</param>
public sealed record OnnxDifference(string File, string Output, double Largest, double Cosine, double Tolerance)
{
    /// <summary>Whether the difference is within the tolerance.</summary>
    public bool IsWithin => Largest <= Tolerance;

    /// <summary>Compares two tables.</summary>
    internal static OnnxDifference Of(
        string file, string output, ReadOnlySpan<float> expected, ReadOnlySpan<float> actual, int columns, double tolerance)
    {
        if (expected.Length != actual.Length)
        {
            throw new ArgumentException($"{file}: {output} has {actual.Length} entries, the model's {expected.Length}.", nameof(actual));
        }

        var (largest, cosine) = (0.0, 1.0);
        for (var row = 0; row < expected.Length; row += columns)
        {
            var (dot, ours, theirs) = (0.0, 0.0, 0.0);
            for (var i = row; i < row + columns; i++)
            {
                largest = Math.Max(largest, Math.Abs((double)expected[i] - actual[i])); // of a NaN and a number the NaN
                dot += (double)expected[i] * actual[i];
                ours += (double)expected[i] * expected[i];
                theirs += (double)actual[i] * actual[i];
            }

            // Two rows of zeros, such as a mean over no token, point the same way.
            cosine = Math.Min(cosine, ours == 0 && theirs == 0 ? 1 : dot / Math.Sqrt(ours * theirs));
        }

        return new OnnxDifference(file, output, largest, cosine, tolerance);
    }
}
