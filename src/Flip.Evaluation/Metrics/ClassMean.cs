namespace Flip.Evaluation.Metrics;

/// <summary>A mean over classes.</summary>
/// <param name="Value">The mean over the classes that have images.</param>
/// <param name="Classes">Those classes.</param>
/// <param name="LeftOut">Classes without images.</param>
public readonly record struct ClassMean(double Value, int Classes, int LeftOut)
{
    internal static ClassMean Of(double value, IEnumerable<int[]> labels, int classes)
    {
        var present = labels.SelectMany(right => right).Distinct().Count();
        return new(value, present, classes - present);
    }
}
