namespace Flip.Evaluation.Outcomes;

/// <summary>What a publication has for the same data set.</summary>
/// <param name="Model">The model, as the column is to be headed.</param>
/// <param name="Value">The value, a share between 0 and 1 (76.1 % is 0.761).</param>
/// <param name="Source">Publication and table.</param>
/// <param name="Measure">Name of the measure, as in <see cref="EvaluationResult.Measures"/>; null for the data set's metric.</param>
public sealed record ReferenceResult(string Model, double Value, string Source, string? Measure = null);
