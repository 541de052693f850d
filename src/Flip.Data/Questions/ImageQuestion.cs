namespace Flip.Data.Questions;

/// <summary>A question about an image.</summary>
/// <param name="Id">Its id as the data have it, each once in a data set.</param>
/// <param name="Image">Number of its image among the images of the set.</param>
/// <param name="Question">The question.</param>
/// <param name="Answers">What people answered, as they wrote it: ten in VQA, one or several right answers elsewhere. None where the set is to be answered
/// and not scored.</param>
/// <param name="AnswerType">The data's name for the kind of answer (<c>yes/no</c>, <c>number</c>, <c>other</c>); null where they have none.</param>
public sealed record ImageQuestion(string Id, int Image, string Question, IReadOnlyList<string> Answers, string? AnswerType = null);
