using System.Globalization;
using Flip.Evaluation.Answering;
using Flip.Evaluation.Metrics;

namespace Flip.Evaluation.Outcomes;

/// <summary>
/// How the answers to questions about images compare with those of the data. A record is a question; a bootstrap draws an image with all its questions, which are
/// not independent.
/// </summary>
public sealed class AnswerOutcome : EvaluationOutcome
{
    /// <summary>The name of the overall accuracy among the measures.</summary>
    public const string Overall = "accuracy";

    /// <summary>Kinds of questions that stand in a table, the most frequent.</summary>
    private const int KindsShown = 10;

    private readonly VqaScores _scores;
    private readonly Lazy<VqaScores> _ofMajority;
    private readonly Lazy<string?> _sight;
    private readonly string? _trainedMajority;

    /// <param name="predictions">The questions in their order.</param>
    /// <param name="majority">The most frequent answer in training, whose accuracy is <see cref="Chance"/>; null takes the most frequent of these questions.</param>
    /// <exception cref="ConfigException">There are no questions, or two have one id.</exception>
    public AnswerOutcome(IReadOnlyList<AnswerPrediction> predictions, string? majority = null)
    {
        CheckKeys(predictions);
        (Predictions, _trainedMajority) = (predictions, majority);
        _scores = Scored(question => question.Answer);
        Majority = majority ?? predictions.Select(question => AnswerVocabulary.Majority(question.Answers)).CountBy(answer => answer).MaxBy(answer => answer.Value).Key;
        _ofMajority = new(() => Scored(_ => Majority));
        _sight = new(Seen);
    }

    /// <summary>The questions in their order.</summary>
    public IReadOnlyList<AnswerPrediction> Predictions { get; }

    /// <summary>The answer that is always given by the baseline which knows neither image nor question.</summary>
    public string Majority { get; }

    /// <summary>What the model that sees no image answered to the same questions; null where there is none.</summary>
    public AnswerOutcome? QuestionOnly { get; private init; }

    /// <summary>Whether the model is better than <see cref="QuestionOnly"/>, by the interval of their difference; null where there is none.</summary>
    public string? Sight => _sight.Value;

    /// <summary>Accuracies, and those of groups.</summary>
    public VqaScores Scores => _scores;

    /// <inheritdoc/>
    public override IReadOnlyList<IPrediction> Images => Predictions;

    /// <summary>The same beside the baseline that sees no image.</summary>
    /// <param name="questionOnly">Its answers to the same questions in the same order.</param>
    /// <exception cref="ConfigException">They are not the same questions.</exception>
    public AnswerOutcome Beside(AnswerOutcome questionOnly)
    {
        ArgumentNullException.ThrowIfNull(questionOnly);
        var isSame = Predictions.Count == questionOnly.Predictions.Count
            && Predictions.Zip(questionOnly.Predictions).All(pair => pair.First.Key == pair.Second.Key && pair.First.HasAnswersOf(pair.Second));
        return isSame
            ? new AnswerOutcome(Predictions, _trainedMajority) { QuestionOnly = questionOnly }
            : throw new ConfigException("The model that sees no image answered other questions.");
    }

    /// <inheritdoc/>
    public override Statistic Statistic(Metric metric) => metric == Metric.VqaAccuracy
        ? _scores.Statistic([.. Predictions.Select(question => question.Image)])
        : throw new ConfigException($"{metric.Title()} is no metric of answers.");

    /// <summary>What the majority answer reaches: what can be had without image and question.</summary>
    public override double Chance(Metric metric) => metric == Metric.VqaAccuracy
        ? _ofMajority.Value.Overall
        : throw new ConfigException($"{metric.Title()} is no metric of answers.");

    /// <inheritdoc cref="Chance"/>
    public override IReadOnlyDictionary<string, double> Chances() => Named(_ofMajority.Value);

    /// <summary><see cref="Overall"/>, the accuracy by kind of answer and of the most frequent kinds of questions, and the share of exact matches among questions
    /// with one answer.</summary>
    public override IReadOnlyDictionary<string, double> Measures() => Named(_scores);

    /// <inheritdoc/>
    public override IReadOnlyList<string> Notes(Metric metric) =>
    [
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Predictions.Count} questions about {Predictions.Select(question => question.Image).Distinct().Count()} images; {Predictions.Select(question => question.Answer).Distinct().Count()} different answers."),
        string.Create(
            CultureInfo.InvariantCulture,
            $"Chance is the answer '{Majority}' to every question, the most frequent {(_trainedMajority is null ? "of these questions" : "in training")}: {100 * Chance(metric):0.0} %."),
        .. Sight is { } sight ? [sight] : Array.Empty<string>(),
    ];

    private string? Seen()
    {
        if (QuestionOnly is null)
        {
            return null;
        }

        var (own, its) = (Statistic(Metric.VqaAccuracy), QuestionOnly.Statistic(Metric.VqaAccuracy));
        var interval = Bootstrap.Difference(its, own);
        var difference = string.Create(
            CultureInfo.InvariantCulture,
            $"From the questions alone {100 * its.Value():0.0} %; with the images {100 * (own.Value() - its.Value()):+0.0;-0.0;0.0} points{(interval is { } known ? $" (95 %: {100 * known.Low:0.0} to {100 * known.High:0.0})" : string.Empty)}.");
        return interval is { Low: > 0 } ? difference : $"{difference} That is not above what the questions alone give: the model has not learnt to see.";
    }

    private VqaScores Scored(Func<AnswerPrediction, string> answer) =>
        new([.. Predictions.Select(question => new AnsweredQuestion(question.Question, question.Answers, answer(question), question.AnswerType))]);

    private OrderedDictionary<string, double> Named(VqaScores scores)
    {
        var values = new OrderedDictionary<string, double> { [Overall] = scores.Overall };
        foreach (var type in scores.ByAnswerType)
        {
            values[$"answer {type.Name}"] = type.Accuracy;
        }

        foreach (var kind in scores.ByQuestionKind.Take(KindsShown))
        {
            values[$"question {kind.Name}"] = kind.Accuracy;
        }

        var single = Predictions.Index().Where(question => question.Item.Answers.Length == 1).Select(question => scores.Accuracies[question.Index]).ToList();
        if (single.Count > 0)
        {
            values["exact match"] = single.Average();
        }

        return values;
    }
}
