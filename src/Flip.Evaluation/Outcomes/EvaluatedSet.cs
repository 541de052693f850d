using Flip.Data;

namespace Flip.Evaluation.Outcomes;

/// <summary>A data set that was evaluated.</summary>
/// <param name="Result">Its row of the table.</param>
/// <param name="Outcome">Its images.</param>
/// <param name="Images">Where to read pictures of the worst mistakes; null for none.</param>
public sealed record EvaluatedSet(EvaluationResult Result, EvaluationOutcome Outcome, IImageSource? Images = null);
