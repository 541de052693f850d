namespace Flip.Evaluation.Features;

/// <summary>Features of images whose classes are known.</summary>
/// <param name="Values">One row an image, <c>[Count, Dim]</c>.</param>
/// <param name="Dim">Width of a row.</param>
/// <param name="Labels">Class of each image, <c>[Count]</c>, from 0.</param>
/// <param name="Keys">Name of each image, <c>[Count]</c>.</param>
/// <param name="ClassNames">Names in the order of the labels.</param>
public sealed record LabelledFeatures(float[] Values, int Dim, int[] Labels, IReadOnlyList<string> Keys, IReadOnlyList<string> ClassNames)
{
    /// <summary>Number of images.</summary>
    public int Count => Labels.Length;

    /// <summary>Number of classes.</summary>
    public int Classes => ClassNames.Count;

    /// <summary>Refuses features that no probe can be trained on or measured with.</summary>
    /// <exception cref="ArgumentException">There is no image, a label names no class, or the parts do not fit each other.</exception>
    /// <exception cref="ArithmeticException">A feature is not finite.</exception>
    public void Check()
    {
        if (Count == 0 || Values.LongLength != (long)Count * Dim || Keys.Count != Count)
        {
            throw new ArgumentException($"{Values.LongLength} numbers and {Keys.Count} keys are not {Count} images of {Dim} features, at least one.");
        }

        var bad = Array.FindIndex(Labels, label => label < 0 || label >= Classes);
        if (bad >= 0)
        {
            throw new ArgumentException($"The image '{Keys[bad]}' has the label {Labels[bad]}; there are {Classes} classes.");
        }

        var value = Array.FindIndex(Values, value => !float.IsFinite(value));
        if (value >= 0)
        {
            throw new ArithmeticException($"The image '{Keys[value / Dim]}' has the feature {Values[value]}: the weights are not usable.");
        }
    }

    /// <summary>Some of the images.</summary>
    /// <param name="rows">Their indices, in the order wanted.</param>
    public LabelledFeatures Select(IReadOnlyList<int> rows)
    {
        var values = new float[(long)rows.Count * Dim];
        for (var i = 0; i < rows.Count; i++)
        {
            Array.Copy(Values, (long)rows[i] * Dim, values, (long)i * Dim, Dim);
        }

        return new(values, Dim, [.. rows.Select(row => Labels[row])], [.. rows.Select(row => Keys[row])], ClassNames);
    }
}
