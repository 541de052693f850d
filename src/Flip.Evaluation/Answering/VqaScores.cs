using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Answering;

/// <summary>The accuracy of every question (<see cref="AnswerScore"/>), and means over all, by kind of answer and by kind of question.</summary>
public sealed class VqaScores
{
    private readonly double[] _accuracies;

    /// <param name="questions">The questions in their order, at least one.</param>
    /// <exception cref="ConfigException">There are no questions, or one has no answer.</exception>
    public VqaScores(IReadOnlyList<AnsweredQuestion> questions)
    {
        ArgumentNullException.ThrowIfNull(questions);
        if (questions.Count == 0)
        {
            throw new ConfigException("There are no questions to score.");
        }

        if (questions.FirstOrDefault(question => question.Answers.Count == 0) is { } silent)
        {
            throw new ConfigException($"The question '{silent.Question}' has no answer to compare with.");
        }

        _accuracies = [.. questions.Select(question => AnswerScore.Of(question.Prediction, question.Answers))];
        ByAnswerType = Groups(question => question.AnswerType ?? AnswerTypes.Of(question.Answers));
        ByQuestionKind = Groups(question => QuestionKinds.Of(question.Question));

        IReadOnlyList<VqaGroup> Groups(Func<AnsweredQuestion, string> kind) =>
        [
            .. questions.Index().GroupBy(question => kind(question.Item), question => question.Index)
                .Select(group => new VqaGroup(group.Key, [.. group], group.Average(question => _accuracies[question])))
                .OrderByDescending(group => group.Questions.Count).ThenBy(group => group.Name, StringComparer.Ordinal),
        ];
    }

    /// <summary>Accuracy of each question.</summary>
    public IReadOnlyList<double> Accuracies => _accuracies;

    /// <summary>The mean over all questions.</summary>
    public double Overall => _accuracies.Average();

    /// <summary>By kind of answer, the most frequent first.</summary>
    public IReadOnlyList<VqaGroup> ByAnswerType { get; }

    /// <summary>By the question's first words (<see cref="QuestionKinds"/>), the most frequent first.</summary>
    public IReadOnlyList<VqaGroup> ByQuestionKind { get; }

    /// <summary>The overall accuracy, for a bootstrap that draws questions.</summary>
    public Statistic Statistic() => new ShareStatistic(_accuracies);

    /// <summary>The overall accuracy, for a bootstrap that draws images with all their questions, which are not independent.</summary>
    /// <param name="images">Name of each question's image. Images count in the order in which they first appear.</param>
    /// <exception cref="ArgumentException">There are not as many as questions.</exception>
    public Statistic Statistic(IReadOnlyList<string> images)
    {
        ArgumentNullException.ThrowIfNull(images);
        if (images.Count != _accuracies.Length)
        {
            throw new ArgumentException($"{images.Count} images for {_accuracies.Length} questions.", nameof(images));
        }

        var byImage = images.Zip(_accuracies).GroupBy(pair => pair.First, pair => pair.Second).ToList();
        return new ShareStatistic([.. byImage.Select(image => image.Sum())], [.. byImage.Select(image => (double)image.Count())]);
    }

    /// <summary>The accuracy of a group, over the same draws: a question of another group counts nothing.</summary>
    /// <param name="group">One of <see cref="ByAnswerType"/> or <see cref="ByQuestionKind"/>.</param>
    public Statistic Statistic(VqaGroup group)
    {
        ArgumentNullException.ThrowIfNull(group);
        var isIn = new double[_accuracies.Length];
        foreach (var question in group.Questions)
        {
            isIn[question] = 1;
        }

        return new ShareStatistic([.. _accuracies.Zip(isIn, (accuracy, counts) => accuracy * counts)], isIn);
    }
}
