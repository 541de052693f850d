using System.Text.Json;
using Flip.Data;
using Flip.Io;

namespace Flip.Evaluation.Outcomes;

/// <summary>The results of one evaluation: <c>results.json</c>.</summary>
/// <param name="Header">What was measured and how.</param>
/// <param name="Results">One row a data set.</param>
public sealed record EvaluationReport(EvaluationHeader Header, IReadOnlyList<EvaluationResult> Results)
{
    /// <summary>Name of the file in a folder of results.</summary>
    public const string FileName = "results.json";

    /// <summary>Reads a report.</summary>
    /// <param name="path">The file, or the folder that it is in.</param>
    /// <exception cref="InvalidDataException">It is no report.</exception>
    /// <exception cref="IOException">It cannot be read.</exception>
    public static EvaluationReport Read(string path)
    {
        var file = Directory.Exists(path) ? Path.Combine(path, FileName) : path;
        try
        {
            var report = JsonSerializer.Deserialize<EvaluationReport>(JsonInput.Read(file, JsonInput.MaxTable).Span, StrictJson.Indented) ?? throw new JsonException("null is no report");
            return report.Problem() is { } problem ? throw new JsonException(problem) : report;
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{file} is no report of an evaluation: {StrictJson.Message(e)}{Place(e)}.");
        }
    }

    /// <summary>The report as text, the same bytes for the same results.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, StrictJson.Indented) + "\n";

    /// <summary>What is wrong with it, null if nothing.</summary>
    internal string? Problem()
    {
        if (Results.Any(result => result is null))
        {
            return "null stands in the list of results.";
        }

        // These are shown on consoles, which obey such characters.
        var shown = Header.Entries().Concat(Results.Select(result => (Name: "data", Value: result.Data)));
        if (shown.FirstOrDefault(entry => entry.Value.Any(char.IsControl)).Name is { } odd)
        {
            return $"The entry '{odd}' has a control character.";
        }

        if (Results.FirstOrDefault(result => result.Problem() is not null) is { } wrong)
        {
            return wrong.Problem();
        }

        var twice = Results.CountBy(result => result.Name, UnicodeName.Comparer).FirstOrDefault(name => name.Value > 1).Key;
        return twice is null ? null : $"The data set '{twice}' is there twice.";
    }

    private static string Place(JsonException e) => e.LineNumber is { } line ? $" (line {line + 1})" : string.Empty;
}
