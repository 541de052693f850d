using Flip.Data.Questions;
using Flip.Evaluation.Answering;

namespace Flip.Tasks.Answering;

/// <summary>What each answer of a model counts for each training question, by the questions' numbers.</summary>
public sealed class AnswerTargets
{
    private readonly IReadOnlyList<AnswerTarget>[] _targets;
    private readonly int _answers;

    /// <param name="questions">The training questions.</param>
    /// <param name="vocabulary">The answers that the model can give.</param>
    public AnswerTargets(IReadOnlyList<ImageQuestion> questions, AnswerVocabulary vocabulary)
    {
        ArgumentNullException.ThrowIfNull(questions);
        ArgumentNullException.ThrowIfNull(vocabulary);
        _answers = vocabulary.Count;
        _targets = [.. questions.Select(question => vocabulary.Targets(question.Answers))];
        Unanswerable = _targets.Count(targets => targets.Count == 0);
    }

    /// <summary>Number of questions.</summary>
    public int Count => _targets.Length;

    /// <summary>Questions to which the model can give none of the answers; they teach it that no answer of its own is right.</summary>
    public int Unanswerable { get; }

    /// <summary>The scores of all answers for some questions.</summary>
    /// <param name="questions">Their numbers.</param>
    /// <returns><c>[questions, answers]</c>, row after row.</returns>
    public float[] Rows(ReadOnlySpan<long> questions)
    {
        var rows = new float[checked(questions.Length * _answers)];
        for (var i = 0; i < questions.Length; i++)
        {
            foreach (var (answer, score) in _targets[questions[i]])
            {
                rows[(i * _answers) + answer] = (float)score;
            }
        }

        return rows;
    }
}
