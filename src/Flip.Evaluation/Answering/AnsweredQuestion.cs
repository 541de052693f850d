namespace Flip.Evaluation.Answering;

/// <summary>A question that a model answered.</summary>
/// <param name="Question">The question.</param>
/// <param name="Answers">What people answered, at least one.</param>
/// <param name="Prediction">What the model answered.</param>
/// <param name="AnswerType">The data set's name for the kind of answer (<c>yes/no</c>, <c>number</c>, <c>other</c>); null where <see cref="AnswerTypes"/> is to tell it.</param>
public sealed record AnsweredQuestion(string Question, IReadOnlyList<string> Answers, string Prediction, string? AnswerType = null);
