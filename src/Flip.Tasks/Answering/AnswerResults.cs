using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Flip.Tasks.Answering;

/// <summary>Answers in the format of VQA's evaluation server: a list of <c>question_id</c> and <c>answer</c>.</summary>
public static class AnswerResults
{
    /// <summary>The end of such a file's name.</summary>
    public const string Extension = ".answers.json";

    private static readonly JsonSerializerOptions Json = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The file's text, a question a line. An id that is a number stands there as one, as the server wants it.</summary>
    /// <param name="answers">Ids of questions, and their answers.</param>
    public static string Of(IEnumerable<(string Id, string Answer)> answers) =>
        "[\n" + string.Join(",\n", answers.Select(one => $$"""{"question_id": {{Id(one.Id)}}, "answer": {{JsonSerializer.Serialize(one.Answer, Json)}}}""")) + "\n]\n";

    private static string Id(string id) => long.TryParse(id, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number.ToString(CultureInfo.InvariantCulture) == id
        ? id
        : JsonSerializer.Serialize(id, Json);
}
