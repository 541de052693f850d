using Flip.Evaluation.Answering;

namespace Flip.Tests.Evaluation.Answering;

public sealed class AnswerVocabularyTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("flip-answers-");

    private string File1 => Path.Combine(_folder.FullName, "answers.json");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Majority_answers_that_are_frequent_are_learnt_the_most_frequent_first()
    {
        IReadOnlyList<string>[] questions =
        [
            ["Yes", "yes.", "no"], ["yes"], ["no", "no", "yes"], ["two"], ["2"], ["a dog"], ["the dog"], ["dog"], ["cat"], ["a"], ["a"], [],
        ];
        Assert.Equal(["dog", "2", "yes"], AnswerVocabulary.Learn(questions, 2).Answers);
        Assert.Equal(["dog"], AnswerVocabulary.Learn(questions, 3).Answers);
        Assert.Equal(["dog", "2", "yes", "cat", "no"], AnswerVocabulary.Learn(questions.Reverse(), 1).Answers);
        var e = Assert.Throws<ConfigException>(() => AnswerVocabulary.Learn(questions));
        Assert.Equal("No answer is given at least 9 times; the most frequent, 'dog', 3 times. Ask for fewer.", e.Message);
        Assert.Equal("There are no answers to learn from.", Assert.Throws<ConfigException>(() => AnswerVocabulary.Learn([])).Message);
    }

    [Fact]
    public void Of_equally_frequent_answers_the_first_is_the_majority() => Assert.Equal("b", AnswerVocabulary.Majority(["b", "c", "c", "B", "d"]));

    [Fact]
    public void Targets_of_ten_answers_are_tenths()
    {
        var vocabulary = new AnswerVocabulary(["red", "blue", "green", "brown", "0"]);
        var targets = vocabulary.Targets(["red", "Red", "red", "a red", "blue", "blue", "Blue!", "none", "zero", "pink"]);
        Assert.Equal([(0, 1.0), (1, 0.9), (4, 0.6)], targets.Select(target => (target.Answer, Math.Round(target.Score, 12))));
        Assert.Equal([new AnswerTarget(2, 1)], vocabulary.Targets(["green"]));
        Assert.Empty(vocabulary.Targets(["pink"]));
        Assert.Empty(vocabulary.Targets([]));
    }

    [Fact]
    public void A_target_is_the_accuracy_of_the_answer()
    {
        string[] answers = ["red", "Red", "blue", "dark blue", "blue", "green", "red", "pink", "pink", "red"];
        var vocabulary = new AnswerVocabulary(["red", "blue", "green", "dark blue"]);
        Assert.All(vocabulary.Targets(answers), target => Assert.Equal(VqaAccuracy.Of(vocabulary.Answers[target.Answer], answers), target.Score, 1e-12));
        Assert.Equal([new AnswerTarget(0, 1), new AnswerTarget(1, 1)], vocabulary.Targets(["red", "blue", "pink", "Red"]));
    }

    [Fact]
    public void An_answer_is_found_as_it_is_or_normalised()
    {
        var vocabulary = new AnswerVocabulary(["", "t-shirt", "t shirt", "2"]);
        Assert.Equal([1, 2, 3, 0, null], new[] { "t-shirt", "T-shirt", "two", "a", "three" }.Select(vocabulary.Find));
    }

    [Fact]
    public void What_is_saved_is_read_again()
    {
        var vocabulary = new AnswerVocabulary(["yes", "", "it's \"red\"", "café"]);
        vocabulary.Save(File1);
        Assert.Equal(vocabulary.Answers, AnswerVocabulary.Read(File1).Answers);
    }

    [Theory]
    [InlineData("[\"yes\", \"\", \"no\"]", "yes||no")]
    [InlineData("  {\"no\": 1, \"yes\": 0, \"\": 2}", "yes|no|")]
    [InlineData("yes\r\nno\nt shirt\n", "yes|no|t shirt")]
    [InlineData("\uFEFFyes\nno", "yes|no")]
    public void Files_in_use_are_read(string text, string answers)
    {
        File.WriteAllText(File1, text);
        Assert.Equal(answers.Split('|'), AnswerVocabulary.Read(File1).Answers);
    }

    [Theory]
    [InlineData("[]", "A list of answers has 1 to 1048576 of them, not 0.")]
    [InlineData("{}", "A list of answers has 1 to 1048576 of them, not 0.")]
    [InlineData("[\"yes\", \"no\", \"yes\"]", "The answer 'yes' is there twice, as 0 and as 2.")]
    [InlineData("[\"yes\", 2]", "Entry 1 is no text. A JSON list of answers holds texts alone.")]
    [InlineData("{\"yes\": 0, \"no\": \"1\"}", "'no' has no index: a JSON object gives each answer a whole number from 0.")]
    [InlineData("{\"yes\": 0, \"no\": 0}", "'yes' and 'no' both have the index 0.")]
    [InlineData("{\"yes\": 0, \"no\": 2}", "No answer has the index 1, and there are 2 answers.")]
    [InlineData("{\"yes\": -1}", "'yes' has no index")]
    [InlineData("{\"yes\": 0, \"yes\": 1}", "duplicate key 'yes'")]
    [InlineData("[\"yes\"", "Expected")]
    [InlineData("yes\n\nno", "Line 2 is empty. A text file has one answer a line.")]
    [InlineData("yes\nno\nyes", "The answer 'yes' is there twice, as 0 and as 2.")]
    public void Other_files_are_refused_by_name(string text, string problem)
    {
        File.WriteAllText(File1, text);
        var e = Assert.Throws<ConfigException>(() => AnswerVocabulary.Read(File1));
        Assert.StartsWith($"The answers in '{File1}' cannot be read: ", e.Message);
        Assert.Contains(problem, e.Message);
    }

    [Fact]
    public void A_file_that_is_no_text_or_not_there_is_refused()
    {
        File.WriteAllBytes(File1, [0x79, 0xFF, 0xFE, 0x0A]);
        Assert.Contains("is not UTF-8", Assert.Throws<ConfigException>(() => AnswerVocabulary.Read(File1)).Message);
        File.WriteAllBytes(File1, []);
        Assert.Contains("it is empty", Assert.ThrowsAny<IOException>(() => AnswerVocabulary.Read(File1)).Message);
        Assert.ThrowsAny<IOException>(() => AnswerVocabulary.Read(Path.Combine(_folder.FullName, "nothing.json")));
    }
}
