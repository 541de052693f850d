namespace Flip.Evaluation.Outcomes;

/// <summary>An answer that a model gave to a question.</summary>
/// <param name="Answer">The answer.</param>
/// <param name="Probability">How likely the model takes it to be right; those of several answers need not add up to 1.</param>
public sealed record GivenAnswer(string Answer, double Probability);
