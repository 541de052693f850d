using AngleSharp.Html.Parser;
using Flip.Data.Files;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Flip.Tests.Data.Images;
using Flip.Tests.Evaluation.Reports;
using SkiaSharp;

namespace Flip.Tests.Evaluation.Outcomes;

public sealed class AnswerOutcomeTests : IDisposable
{
    private static readonly string[] Ten = ["red", "red", "red", "blue", "blue", "pink", "pink", "pink", "pink", "tan"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Accuracy_is_told_overall_by_kind_of_answer_and_of_question_with_exact_matches()
    {
        var outcome = Outcome("yes", "yes", "blue", "2");
        Assert.Equal((1 + 0 + 0.6 + 1) / 4, outcome.Value(Metric.VqaAccuracy), 1e-12);
        Assert.Equal(
            [("accuracy", 0.65), ("answer yes/no", 0.5), ("answer number", 1), ("answer other", 0.6), ("question is it", 0.5), ("question how many", 1), ("question what color is the", 0.6), ("exact match", 2.0 / 3)],
            outcome.Measures().Select(measure => (measure.Key, Math.Round(measure.Value, 12) is var value && value == Math.Round(2.0 / 3, 12) ? 2.0 / 3 : value)));
        Assert.Equal([true, false, true, true], outcome.Images.Select(question => question.IsHit));
        Assert.Throws<ConfigException>(() => outcome.Statistic(Metric.Top1));
        Assert.Throws<ConfigException>(() => outcome.Chance(Metric.Top1));
    }

    [Fact]
    public void A_replicate_draws_an_image_with_all_its_questions()
    {
        var statistic = Outcome("yes", "yes", "blue", "2").Statistic(Metric.VqaAccuracy);
        Assert.Equal(2, statistic.Images);
        Assert.Equal(0.5, statistic.Of([1, 0]), 1e-12); // the first two questions
        Assert.Equal(0.8, statistic.Of([0, 3]), 1e-12);
    }

    [Fact]
    public void Chance_is_the_majority_answer_of_training_or_of_the_questions_themselves()
    {
        Assert.Equal(("pink", (0 + 0 + 1 + 0) / 4.0), Chance(Outcome(["yes", "yes", "blue", "2"], "pink")));
        Assert.Equal(("yes", 0.25), Chance(Outcome("yes", "yes", "blue", "2")));
        var outcome = Outcome(["yes", "yes", "blue", "2"], "pink");
        Assert.Equal(outcome.Measures().Keys, outcome.Chances().Keys);
        Assert.Equal(
            ["4 questions about 2 images; 3 different answers.", "Chance is the answer 'pink' to every question, the most frequent in training: 25.0 %."],
            outcome.Notes(Metric.VqaAccuracy));

        static (string, double) Chance(AnswerOutcome outcome) => (outcome.Majority, outcome.Chance(Metric.VqaAccuracy));
    }

    [Fact]
    public void A_model_that_is_not_above_the_questions_alone_has_not_learnt_to_see()
    {
        var blind = Many(image => image % 2 == 0);
        Assert.Equal(
            "From the questions alone 50.0 %; with the images 0.0 points (95 %: 0.0 to 0.0). That is not above what the questions alone give: the model has not learnt to see.",
            Many(image => image % 2 == 0).Beside(blind).Notes(Metric.VqaAccuracy)[^1]);
        var seeing = Many(image => image % 4 != 1).Beside(blind);
        Assert.StartsWith("From the questions alone 50.0 %; with the images +25.0 points (95 %: ", seeing.Notes(Metric.VqaAccuracy)[^1], StringComparison.Ordinal);
        Assert.DoesNotContain("not learnt", seeing.Notes(Metric.VqaAccuracy)[^1], StringComparison.Ordinal);
        Assert.Same(blind, seeing.QuestionOnly);
        Assert.Throws<ConfigException>(() => Outcome("yes", "yes", "blue", "2").Beside(blind));

        static AnswerOutcome Many(Func<int, bool> isRight) =>
            new([.. Enumerable.Range(0, 80).Select(image => new AnswerPrediction($"{image}", $"i{image}", "is it?", [new GivenAnswer(isRight(image) ? "yes" : "no", 0.5)], ["yes"]))]);
    }

    [Fact]
    public void What_is_written_is_read_and_written_again_to_the_same_bytes()
    {
        var outcome = Outcome("yes", "yes", "blue", "2");
        PredictionFile.Write(_folder.File("a"), outcome);
        Assert.StartsWith(
            "{\"key\":\"1\",\"image\":\"a\",\"question\":\"Is it red?\",\"given\":[{\"answer\":\"yes\",\"probability\":0.75},{\"answer\":\"no\",\"probability\":0.125}],\"answers\":[\"yes\"],\"answerType\":\"yes/no\"}\n",
            File.ReadAllText(_folder.File("a")),
            StringComparison.Ordinal);
        var read = PredictionFile.ReadAnswers(_folder.File("a"));
        PredictionFile.Write(_folder.File("b"), read);
        Assert.Equal(File.ReadAllBytes(_folder.File("a")), File.ReadAllBytes(_folder.File("b")));
        Assert.Equal(outcome.Measures(), read.Measures());
    }

    [Theory]
    [InlineData("\"given\":[]", "'given' is empty")]
    [InlineData("\"given\":[{\"answer\":\"yes\",\"probability\":1.5}]", "not between 0 and 1")]
    [InlineData("\"given\":[{\"answer\":null,\"probability\":0.5}]", "null")]
    [InlineData("\"given\":[{\"answer\":\"yes\"}]", "missing required properties")]
    [InlineData("\"more\":1", "could not be mapped")]
    public void A_line_that_is_no_record_is_named(string part, string problem)
    {
        PredictionFile.Write(_folder.File("a"), Outcome("yes", "yes", "blue", "2"));
        var lines = File.ReadAllLines(_folder.File("a"));
        lines[1] = lines[1].Replace("\"given\":[{\"answer\":\"yes\",\"probability\":0.75},{\"answer\":\"no\",\"probability\":0.125}]", part, StringComparison.Ordinal);
        File.WriteAllLines(_folder.File("a"), lines);
        var message = Assert.Throws<InvalidDataException>(() => PredictionFile.ReadAnswers(_folder.File("a"))).Message;
        Assert.Contains("line 2", message, StringComparison.Ordinal);
        Assert.Contains(problem, message, StringComparison.Ordinal);
    }

    [Fact]
    public void Two_models_are_compared_question_by_question()
    {
        ResultsFolder.Write(_folder.File("a"), SampleResults.Header, [SampleResults.Set("dev", Metric.VqaAccuracy, Outcome("yes", "yes", "blue", "2"))]);
        ResultsFolder.Write(_folder.File("b"), SampleResults.Header, [SampleResults.Set("dev", Metric.VqaAccuracy, Outcome("yes", "no", "tan", "3"))]);
        var set = Assert.Single(Comparison.Of(_folder.File("a"), _folder.File("b"), cancellation: TestContext.Current.CancellationToken).Sets);
        Assert.Equal((0.65, 0.575, 4, 2, 1), (Math.Round(set.A, 12), Math.Round(set.B, 12), set.Images, set.OnlyA, set.OnlyB));
        Assert.NotNull(set.Interval);
        var other = new AnswerOutcome([.. Outcome("yes", "yes", "blue", "2").Predictions.Select(question => question with { Answers = [.. question.Answers, "maybe"] })]);
        ResultsFolder.Write(_folder.File("c"), SampleResults.Header, [SampleResults.Set("dev", Metric.VqaAccuracy, other)]);
        Assert.Equal(["dev: the labels differ, first those of '1'."], Comparison.Of(_folder.File("a"), _folder.File("c"), cancellation: TestContext.Current.CancellationToken).Refused);
    }

    [Fact]
    public void The_page_shows_questions_with_their_pictures_and_the_baselines_as_columns()
    {
        foreach (var name in (string[])["a", "b"])
        {
            File.WriteAllBytes(_folder.File(name + ".png"), TestImages.Encode(8, 6, SKEncodedImageFormat.Png));
        }

        var outcome = Outcome("yes", "yes", "blue", "2");
        outcome = new AnswerOutcome([.. outcome.Predictions.Select(question => question with { Image = question.Image + ".png" })]);
        var set = new EvaluatedSet(
            EvaluationResult.Of("dev", Metric.VqaAccuracy, outcome, "d0", references: [new ReferenceResult("question only", 0.5, "runs/blind"), new ReferenceResult("question only", 0.25, "runs/blind", "answer yes/no")], samples: 100, cancellation: TestContext.Current.CancellationToken),
            outcome,
            FileImages.OfFolder(_folder.Path));
        var document = new HtmlParser().ParseDocument(EvaluationPage.Of(SampleResults.Header, [set]).ToHtml());
        var figures = document.QuerySelectorAll("figure").Select(figure => string.Join('|', figure.QuerySelectorAll("figcaption div").Select(line => line.TextContent))).ToList();
        Assert.Equal(4, figures.Count);
        Assert.Equal(4, document.QuerySelectorAll("figure img").Length);
        Assert.Contains("What color is the hat?|blue 0.75, no 0.13|counts 60.0|– red (3)|– blue (2)|– pink (4)|– tan|b.png, 3", figures);
        Assert.StartsWith("Is it a hat?|", figures[^1], StringComparison.Ordinal); // wrong
        Assert.Contains(document.QuerySelectorAll("th"), head => head.TextContent == "question only");
        Assert.Contains(document.QuerySelectorAll("tr"), row => row.TextContent.Contains("answer yes/no50.025.0", StringComparison.Ordinal));
    }

    private static AnswerOutcome Outcome(params string[] given) => Outcome(given, null);

    private static AnswerOutcome Outcome(string[] given, string? majority) => new(
        [
            new("1", "a", "Is it red?", Given(given[0]), ["yes"], "yes/no"),
            new("2", "a", "Is it a hat?", Given(given[1]), ["no"], "yes/no"),
            new("3", "b", "What color is the hat?", Given(given[2]), Ten),
            new("4", "b", "How many?", Given(given[3]), ["two"]),
        ],
        majority);

    private static GivenAnswer[] Given(string answer) => [new(answer, 0.75), new("no", 0.125)];
}
