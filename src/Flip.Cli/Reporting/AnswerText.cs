using System.Globalization;
using System.Text.Json;
using Flip.Evaluation.Outcomes;
using Flip.Tasks.Answering;
using Spectre.Console;

namespace Flip.Cli.Reporting;

/// <summary>Answers and their figures on the console.</summary>
internal static class AnswerText
{
    /// <summary>What was done, as <c>--json</c> and <c>results.json</c> have it.</summary>
    internal sealed record Report(string Answerer, long Samples, long Steps, double Seconds, IReadOnlyList<AnswerScoresOfSet> Tests);

    /// <summary>A question with the answers that were given.</summary>
    internal sealed record Answered(string Id, string Image, string Question, IReadOnlyList<GivenAnswer> Given);

    /// <summary>A row a test set, in percent, with both baselines; below it, whether the model sees.</summary>
    public static void Print(Report report, bool json)
    {
        if (json)
        {
            Console.WriteLine(JsonSerializer.Serialize(report, JsonOutput.Options));
            return;
        }

        if (report.Tests.Count == 0)
        {
            return;
        }

        var table = new Table().Border(TableBorder.Simple).AddColumns(["test set", "questions", "VQA accuracy", "question only", "majority answer"]);
        foreach (var test in report.Tests)
        {
            table.AddRow([
                Markup.Escape(test.Source),
                test.Questions.ToString("N0", CultureInfo.InvariantCulture),
                Percent(test.Measures[AnswerOutcome.Overall]),
                test.QuestionOnly is { } blind ? Percent(blind) : "-",
                Percent(test.Chance)]);
        }

        Consoles.Output().Write(table);
        foreach (var note in report.Tests.Select(test => test.Sight).OfType<string>())
        {
            Console.WriteLine(note);
        }
    }

    /// <summary>Answers, a question a line; several with their probabilities below it.</summary>
    public static void Print(IReadOnlyList<Answered> questions, bool json)
    {
        if (json)
        {
            Console.Write(AnswerResults.Of(questions.Select(question => (question.Id, question.Given[0].Answer))));
            return;
        }

        foreach (var question in questions)
        {
            if (question.Given.Count == 1)
            {
                Console.WriteLine($"{question.Image}\t{question.Question}\t{question.Given[0].Answer}");
                continue;
            }

            Console.WriteLine($"{question.Image}\t{question.Question}");
            foreach (var given in question.Given)
            {
                Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  {given.Probability:0.000}  {given.Answer}"));
            }
        }
    }

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture);
}
