using System.Text.Json;
using Flip.Evaluation.Answering;
using Flip.Evaluation.Metrics;

namespace Flip.Tests.Evaluation.Answering;

public class VqaAccuracyTests
{
    [Fact]
    public void Accuracies_equal_the_official_script()
    {
        using var document = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("vqa-accuracy.json")));
        var golden = document.RootElement;
        var questions = golden.GetProperty("accuracy").EnumerateArray().ToList();
        Assert.Equal(65, questions.Count);
        foreach (var question in questions)
        {
            Assert.Equal(question.GetProperty("accuracy").GetDouble(), VqaAccuracy.Of(question.GetProperty("prediction").GetString()!, Answers(question)), 1e-9);
        }

        // The script rounds the overall accuracy, in percent, to two digits.
        var scores = new VqaScores([.. questions.Select(one => new AnsweredQuestion("what is this?", Answers(one), one.GetProperty("prediction").GetString()!))]);
        Assert.Equal(questions.Average(one => one.GetProperty("accuracy").GetDouble()), scores.Overall, 1e-9);

        static string[] Answers(JsonElement question) => [.. question.GetProperty("answers").EnumerateArray().Select(answer => answer.GetString()!)];
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(1, 0.3)]
    [InlineData(2, 0.6)]
    [InlineData(3, 0.9)]
    [InlineData(4, 1)]
    [InlineData(10, 1)]
    public void Of_ten_people_three_or_four_suffice(int matches, double accuracy) => Assert.Equal(accuracy, VqaAccuracy.OfMatches(matches, 10), 1e-12);

    [Fact]
    public void The_formula_is_the_mean_of_leaving_each_person_out()
    {
        for (var people = 2; people <= 12; people++)
        {
            for (var matches = 0; matches <= people; matches++)
            {
                var mean = Enumerable.Range(0, people).Average(person => Math.Min(1, (matches - (person < matches ? 1 : 0)) / 3.0));
                Assert.Equal(mean, VqaAccuracy.OfMatches(matches, people), 1e-12);
            }
        }
    }

    [Fact]
    public void Nothing_is_normalised_where_all_people_gave_the_same_text()
    {
        Assert.Equal(0, VqaAccuracy.Of("Yes", [.. Enumerable.Repeat("yes", 10)]));
        Assert.Equal(1, VqaAccuracy.Of(" yes\n", [.. Enumerable.Repeat("yes", 10)]));
        Assert.Equal(1, VqaAccuracy.Of("Yes", [.. Enumerable.Repeat("yes", 9), "no"]), 1e-12);
    }

    [Fact]
    public void A_single_answer_is_compared_after_normalisation()
    {
        Assert.Equal(1, VqaAccuracy.Of("The Two dogs.", ["2 dogs"]));
        Assert.Equal(0, VqaAccuracy.Of("3 dogs", ["2 dogs"]));
        Assert.Throws<ArgumentException>(() => VqaAccuracy.Of("yes", []));
    }

    [Fact]
    public void Of_fewer_answers_than_ten_each_is_right()
    {
        Assert.Equal(1, AnswerScore.Of("Two lamps", ["a table", "2 lamps"]));
        Assert.Equal(0, AnswerScore.Of("three lamps", ["a table", "2 lamps"]));
        Assert.Equal(0.3, AnswerScore.Of("blue", ["blue", .. Enumerable.Repeat("red", 9)]), 1e-12);
        Assert.Equal([0, 1, 1], Enumerable.Range(0, 3).Select(matches => AnswerScore.OfMatches(matches, 9)));
        Assert.Equal([0, 0.3, 0.6, 0.9, 1, 1], Enumerable.Range(0, 6).Select(matches => Math.Round(AnswerScore.OfMatches(matches, 10), 12)));
        Assert.Throws<ArgumentException>(() => AnswerScore.Of("red", []));
    }

    [Fact]
    public void Accuracy_is_told_by_kind_of_answer_and_of_question()
    {
        var scores = Scores();
        Assert.Equal([1, 0, 1, 0.6], scores.Accuracies.Select(value => Math.Round(value, 3)));
        Assert.Equal(
            [("yes/no", 2, 0.5), ("number", 1, 1), ("other", 1, 0.6)],
            scores.ByAnswerType.Select(group => (group.Name, group.Questions.Count, Math.Round(group.Accuracy, 3))));
        Assert.Equal(["is the", "how many", "what color is the"], scores.ByQuestionKind.Select(group => group.Name));
        Assert.Equal(scores.Overall, scores.Statistic().Value(), 1e-12);
        Assert.All(scores.ByQuestionKind, group => Assert.Equal(group.Accuracy, scores.Statistic(group).Value(), 1e-12));
    }

    [Fact]
    public void Questions_of_one_image_are_drawn_together()
    {
        var statistic = Scores().Statistic(["a", "b", "a", "b"]);
        Assert.Equal(2, statistic.Images);
        Assert.Equal(2.6 / 4, statistic.Value(), 1e-12);
        Assert.Equal(1, statistic.Of([3, 0]), 1e-12);
        Assert.Equal(0.3, statistic.Of([0, 1]), 1e-12);
        Assert.Throws<ArgumentException>(() => Scores().Statistic(["a"]));
    }

    [Fact]
    public void Two_models_are_compared_on_the_same_draws()
    {
        string[] answers = ["yes"];
        var guessing = new VqaScores([.. Enumerable.Range(0, 200).Select(i => new AnsweredQuestion("is it?", answers, i % 2 == 0 ? "yes" : "no"))]);
        var seeing = new VqaScores([.. Enumerable.Range(0, 200).Select(i => new AnsweredQuestion("is it?", answers, i % 4 == 0 ? "no" : "yes"))]);
        Assert.True(Bootstrap.Difference(guessing.Statistic(), seeing.Statistic(), samples: 200) is { Low: > 0.1, High: < 0.4 });
    }

    [Fact]
    public void Sets_that_cannot_be_scored_are_refused()
    {
        Assert.Equal("There are no questions to score.", Assert.Throws<ConfigException>(() => new VqaScores([])).Message);
        var e = Assert.Throws<ConfigException>(() => new VqaScores([new AnsweredQuestion("is it red?", [], "yes")]));
        Assert.Equal("The question 'is it red?' has no answer to compare with.", e.Message);
    }

    [Theory]
    [InlineData("What color is the dog's collar?", "what color is the")]
    [InlineData("What color is his hat?", "what color is")]
    [InlineData("what colour is it", "what")]
    [InlineData("How many people are in the photo?", "how many people are in")]
    [InlineData("How many dogs?", "how many")]
    [InlineData("Is this a cat?", "is this a")]
    [InlineData("Isn't it?", "none of the above")]
    [InlineData("Is it?", "is it")]
    [InlineData("", "none of the above")]
    [InlineData("  WHY  is the  sky blue", "why is the")]
    public void A_question_is_of_the_longest_beginning_that_VQA_lists(string question, string kind) => Assert.Equal(kind, QuestionKinds.Of(question));

    [Theory]
    [InlineData("yes/no", "yes", "Yes.", "maybe")]
    [InlineData("number", "two", "2", "many")]
    [InlineData("number", "3.5")]
    [InlineData("other", "red", "yes", "red")]
    public void The_kind_of_answer_is_that_of_the_majority(string type, params string[] answers) => Assert.Equal(type, AnswerTypes.Of(answers));

    private static VqaScores Scores() => new(
    [
        new("Is the dog asleep?", ["yes"], "yes"),
        new("Is the cat asleep?", ["no"], "yes"),
        new("How many dogs?", ["two"], "2"),
        new("What color is the dog?", ["red", "red", "brown", "blue", "blue", "blue", "grey", "grey", "green", "green"], "red", "other"),
    ]);
}
