using System.Text.Json;
using Flip.Io;

namespace Flip.Evaluation.Answering;

/// <summary>The answers that a model can give, each with an index: the classes of a VQA model.</summary>
public sealed class AnswerVocabulary
{
    /// <summary>How often an answer must be given to be one of them, where nothing else is asked for; as ViLT and others have it.</summary>
    public const int DefaultLeast = 9;

    /// <summary>Answers that a file may have: the published lists have some three thousand.</summary>
    public const int MostAnswers = 1 << 20;

    private static readonly JsonSerializerOptions Form = new() { WriteIndented = true, NewLine = "\n" };

    private readonly Dictionary<string, int> _indices;

    /// <param name="answers">The answers in the order of their indices, as a model gives them; they are not normalised. One may be empty: published lists
    /// have that one, to which the answer "a" is normalised.</param>
    /// <exception cref="ConfigException">There are none or too many, or one is there twice.</exception>
    public AnswerVocabulary(IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        if (answers.Count is 0 or > MostAnswers)
        {
            throw new ConfigException($"A list of answers has 1 to {MostAnswers} of them, not {answers.Count}.");
        }

        _indices = new Dictionary<string, int>(answers.Count);
        foreach (var (index, answer) in answers.Index())
        {
            if (!_indices.TryAdd(answer, index))
            {
                throw new ConfigException($"The answer '{answer}' is there twice, as {_indices[answer]} and as {index}.");
            }
        }

        Answers = answers;
    }

    /// <summary>The answers in the order of their indices.</summary>
    public IReadOnlyList<string> Answers { get; }

    /// <summary>How many there are.</summary>
    public int Count => Answers.Count;

    /// <summary>
    /// Learns the answers from training questions: of each question the normalised answer that most people gave; those that are so at least
    /// <paramref name="least"/> times. The most frequent comes first, equals in the order of their text.
    /// </summary>
    /// <param name="questions">What people answered to each question.</param>
    /// <param name="least">How often an answer must be given.</param>
    /// <exception cref="ConfigException">No answer is given so often.</exception>
    public static AnswerVocabulary Learn(IEnumerable<IReadOnlyList<string>> questions, int least = DefaultLeast)
    {
        ArgumentNullException.ThrowIfNull(questions);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(least);
        var counts = questions.Where(answers => answers.Count > 0).Select(Majority).Where(answer => answer.Length > 0)
            .CountBy(answer => answer)
            .OrderByDescending(answer => answer.Value).ThenBy(answer => answer.Key, StringComparer.Ordinal).ToList();
        var kept = counts.TakeWhile(answer => answer.Value >= least).Select(answer => answer.Key).ToList();
        return kept.Count > 0 ? new(kept) : throw new ConfigException(
            counts.Count == 0
                ? "There are no answers to learn from."
                : $"No answer is given at least {least} times; the most frequent, '{counts[0].Key}', {counts[0].Value} times. Ask for fewer.");
    }

    /// <summary>The normalised answer that most people gave; of equals the one that was given first.</summary>
    /// <param name="answers">What people answered, at least one.</param>
    public static string Majority(IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        return answers.Count > 0
            ? answers.Select(AnswerNormalizer.Normalized).CountBy(answer => answer).MaxBy(answer => answer.Value).Key
            : throw new ArgumentException("There are no answers.", nameof(answers));
    }

    /// <summary>Reads answers from a file: a JSON list of texts (LXMERT's <c>trainval_label2ans.json</c>, what <see cref="Save"/> writes), a JSON object of
    /// answers with their indices (<c>ans2label</c>), or a text file with one answer a line.</summary>
    /// <exception cref="IOException">The file cannot be read.</exception>
    /// <exception cref="ConfigException">It has another form, an answer is there twice, or indices leave a gap.</exception>
    public static AnswerVocabulary Read(string path) => AnswerListFile.Read(path);

    /// <summary>Writes the answers as a JSON list.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Save(string path)
    {
        var json = JsonSerializer.SerializeToUtf8Bytes(Answers, Form);
        AtomicFile.Write(path, stream => stream.Write(json));
    }

    /// <summary>The index of an answer, compared as it is and then normalised; null for one that the model cannot give.</summary>
    public int? Find(string answer)
    {
        ArgumentNullException.ThrowIfNull(answer);
        return _indices.TryGetValue(answer, out var index) || _indices.TryGetValue(AnswerNormalizer.Normalized(answer), out index) ? index : null;
    }

    /// <summary>
    /// What each answer would count for a question: the targets of a training (<see cref="AnswerScore"/>). Of ten people's answers 0.3, 0.6, 0.9 and 1 for 1, 2, 3 and
    /// more of them; of fewer answers each counts 1.
    /// </summary>
    /// <param name="answers">The answers of the data.</param>
    /// <returns>The answers that the model can give and that count, ascending; none where it can give none of them.</returns>
    public IReadOnlyList<AnswerTarget> Targets(IReadOnlyList<string> answers)
    {
        ArgumentNullException.ThrowIfNull(answers);
        return
        [
            .. answers.Select(Find).OfType<int>().CountBy(index => index)
                .Select(answer => new AnswerTarget(answer.Key, AnswerScore.OfMatches(answer.Value, answers.Count)))
                .OrderBy(target => target.Answer),
        ];
    }
}
