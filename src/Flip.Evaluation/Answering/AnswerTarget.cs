namespace Flip.Evaluation.Answering;

/// <summary>An answer that a model can give to a question, and what it would count.</summary>
/// <param name="Answer">Its index in the vocabulary.</param>
/// <param name="Score">Its accuracy, above 0 and at most 1.</param>
public readonly record struct AnswerTarget(int Answer, double Score);
