using Flip.Data.Questions;
using Flip.Io;
using Flip.Tokenizers;

namespace Flip.Data.Layouts;

/// <summary>Gathers questions as files have them, and refuses what cannot be asked or scored.</summary>
/// <param name="allowNoAnswer">Whether a question may have no answer: it is to be answered, not scored.</param>
/// <param name="most">Characters of all texts that are held, each different answer once.</param>
internal sealed class QuestionRecords(bool allowNoAnswer, long most = QuestionRecords.MostCharacters)
{
    /// <summary>Answers of a question: VQA has ten.</summary>
    private const int MostAnswers = 1000;

    /// <summary>VQA's training split has some 20 million.</summary>
    private const long MostCharacters = 1L << 28;

    private const int TextOverhead = 16; // characters in whose place an object's header lies

    private readonly List<ImageQuestion> _questions = [];
    private readonly HashSet<string> _ids = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _texts = new(StringComparer.Ordinal); // people answer alike
    private long _characters;

    /// <summary>What was added, in that order.</summary>
    public IReadOnlyList<ImageQuestion> All => _questions;

    /// <summary>Adds a question.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="image">Number of its image.</param>
    /// <param name="asked">The question.</param>
    /// <param name="place">Where it stands, for messages.</param>
    /// <exception cref="ConfigException">It cannot be used; the message says where it stands.</exception>
    public void Add(string id, int image, AskedQuestion asked, Func<string> place)
    {
        if (Problem(id, asked) is { } problem)
        {
            throw new ConfigException($"{place()}: {problem}.");
        }

        _characters += id.Length + asked.Text.Length + (2 * TextOverhead);
        var answers = asked.Answers.All(string.IsNullOrWhiteSpace) ? [] : asked.Answers.Select(Kept).ToArray();
        _questions.Add(new ImageQuestion(id, image, asked.Text.Trim(), answers, asked.Type is { } type ? Kept(type) : null));
        if (_characters > most)
        {
            throw new ConfigException(FormattableString.Invariant($"{place()}: the questions have more than {most:N0} characters together, the most that are held. Use a part of them."));
        }
    }

    private string? Problem(string id, AskedQuestion asked) =>
        string.IsNullOrWhiteSpace(asked.Text) ? "the question is blank"
        : TokenizerLimits.Problem(asked.Text) is { } tooLong ? tooLong
        : asked.Answers.Append(asked.Text).Append(id).Any(text => TextFile.IsBroken(text)) ? $"a text {TextFile.Problem}"
        : id.Length == 0 || id.Any(char.IsControl) ? "the id is empty or has a control character"
        : asked.Answers.Count > MostAnswers ? $"the question has {asked.Answers.Count} answers, and may have {MostAnswers}"
        : !allowNoAnswer && asked.Answers.All(string.IsNullOrWhiteSpace) ? $"the question '{UnicodeName.Printable(asked.Text)}' has no answer"
        : !_ids.Add(id) ? $"the id '{id}' is there twice"
        : null;

    private string Kept(string text)
    {
        if (!_texts.TryGetValue(text, out var kept))
        {
            _texts.Add(text, kept = text);
            _characters += text.Length + TextOverhead;
        }

        return kept;
    }
}
