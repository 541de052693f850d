using System.Text.Json;

namespace Flip.Data.Layouts;

/// <summary>A question as a file has it.</summary>
/// <param name="Id">Its id; null where it has none.</param>
/// <param name="Text">The question.</param>
/// <param name="Answers">The answers; none where there are none.</param>
/// <param name="Type">Kind of answer; null where it has none.</param>
internal sealed record AskedQuestion(string? Id, string Text, IReadOnlyList<string> Answers, string? Type)
{
    /// <summary>What files call an id, the better names first.</summary>
    public static readonly string[] Ids = ["id", "question_id", "questionid", "qid"];

    /// <summary>What they call the question.</summary>
    public static readonly string[] Questions = ["question", "query"];

    /// <summary>What they call the answers.</summary>
    public static readonly string[] AnswerNames = ["answers", "answer", "label"];

    /// <summary>What they call the kind of answer.</summary>
    public static readonly string[] Types = ["answer_type", "answertype"];

    private const char Bar = '|';

    /// <summary>Reads an object: <c>{"id": 5, "question": "what is this?", "answers": ["a dog"]}</c>; <c>answer</c> has one text.</summary>
    /// <exception cref="InvalidDataException">It has another form; the message is a clause.</exception>
    public static AskedQuestion Of(JsonElement json)
    {
        try
        {
            return json.ValueKind != JsonValueKind.Object ? throw new InvalidDataException("a question is no object")
                : Find(json, Questions) is not { ValueKind: JsonValueKind.String } question ? throw new InvalidDataException("a question has no text 'question'")
                : new AskedQuestion(
                    Find(json, Ids) is { } id ? TextOf(id) ?? throw new InvalidDataException("its 'id' is neither a text nor a number") : null,
                    question.GetString()!,
                    Find(json, AnswerNames) is { } answers ? AnswersOf(answers) : [],
                    Find(json, Types) is { ValueKind: JsonValueKind.String } type ? type.GetString() : null);
        }
        catch (InvalidOperationException e)
        {
            throw new InvalidDataException($"a text in it is none: {e.Message.TrimEnd('.')}", e); // half a surrogate pair, or no UTF-8
        }
    }

    /// <summary>The answers in a column: a JSON list of texts, or one answer.</summary>
    /// <exception cref="InvalidDataException">It is neither; the message is a clause.</exception>
    public static IReadOnlyList<string> AnswersOf(string column)
    {
        var text = column.Trim();
        if (!text.StartsWith('['))
        {
            return text.Contains(Bar, StringComparison.Ordinal)
                ? throw new InvalidDataException($"the answer '{UnicodeName.Printable(text)}' has a '{Bar}': write several answers as a JSON list, [\"red\", \"blue\"]")
                : text.Length == 0 ? [] : [text];
        }

        try
        {
            using var list = UserJson.Parse(text);
            return AnswersOf(list.RootElement);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new InvalidDataException($"the answers '{UnicodeName.Printable(text)}' are no JSON list of texts", e);
        }
    }

    /// <summary>The first of several names that an object has; null where it has none, or <c>null</c>.</summary>
    public static JsonElement? Find(JsonElement json, string[] names)
    {
        foreach (var name in names)
        {
            if (json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null)
            {
                return value;
            }
        }

        return null;
    }

    private static IReadOnlyList<string> AnswersOf(JsonElement json) => json.ValueKind == JsonValueKind.Array
        ? [.. json.EnumerateArray().Select(answer => TextOf(answer) ?? throw new InvalidDataException("an answer is neither a text nor a number"))]
        : [TextOf(json) ?? throw new InvalidDataException("its answers are neither a text nor a list of texts")];

    private static string? TextOf(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.String => json.GetString(),
        JsonValueKind.Number => json.GetRawText(),
        _ => null,
    };
}
