using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Tests.Evaluation.Reports;

namespace Flip.Tests.Evaluation.Outcomes;

public class PredictionFileTests
{
    private const string Good = """
        {"key":"a","right":[1],"rank":2,"firstRight":{"class":1,"score":0.25},"top":[{"class":0,"score":0.5},{"class":1,"score":0.25}]}
        """;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_written_is_read_and_written_again_to_the_same_bytes(bool keepScores)
    {
        using var folder = new TemporaryFolder();
        var outcome = SampleResults.Classification(several: true, keepScores: keepScores, levels: 30);
        PredictionFile.Write(folder.File("a"), outcome);
        var read = PredictionFile.ReadClassification(folder.File("a"), outcome.ClassNames);
        PredictionFile.Write(folder.File("b"), read);
        Assert.Equal(File.ReadAllBytes(folder.File("a")), File.ReadAllBytes(folder.File("b")));
        Assert.Equal(outcome.Images.Count, File.ReadAllLines(folder.File("a")).Length);
        var metric = keepScores ? Metric.ElevenPointMap : Metric.MeanPerClass;
        Assert.Equal(outcome.Statistic(metric).Value(), read.Statistic(metric).Value());
    }

    [Fact]
    public void Retrieval_is_written_and_read()
    {
        using var folder = new TemporaryFolder();
        var outcome = SampleResults.Retrieval();
        PredictionFile.Write(folder.File("a"), outcome);
        Assert.StartsWith("{\"key\":\"val/0000\",\"rank\":", File.ReadAllText(folder.File("a")), StringComparison.Ordinal);
        var read = PredictionFile.ReadRetrieval(folder.File("a"));
        Assert.Equal(outcome.Predictions.Select(image => (image.Key, image.Rank)), read.Predictions.Select(image => (image.Key, image.Rank)));
        Assert.Equal(outcome.Measures(), read.Measures());
    }

    [Fact]
    public void A_line_is_as_documented()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("a"), Good + "\n");
        var read = PredictionFile.ReadClassification(folder.File("a"), ["x", "y"]);
        Assert.Equal(2, Assert.Single(read.Predictions).Rank);
        PredictionFile.Write(folder.File("b"), read);
        Assert.Equal(Good + "\n", File.ReadAllText(folder.File("b")));
    }

    [Theory]
    [InlineData("", "does not contain any JSON tokens")]
    [InlineData("null", "null is no record")]
    [InlineData("[1]", "could not be converted")]
    [InlineData("{\"key\":\"a\"", "Expected depth to be zero")]
    [InlineData("{\"key\":\"b\"}", "missing required properties")]
    [InlineData("GOOD+\"more\":1,", "could not be mapped")]
    [InlineData("GOOD+\"key\":\"b\",", "uplicate")]
    [InlineData("GOOD+\"scores\":[0.5],", "'scores' has not 2 finite numbers")]
    [InlineData("GOOD+\"scores\":[0.5,1e99],", "'scores' has not 2 finite numbers")]
    [InlineData("GOOD+\"scores\":[0.5,0.125],", "'scores' does not give the other entries")]
    [InlineData("\"right\":[1]->\"right\":[2]", "the label 2, but there are 2 classes")]
    [InlineData("\"right\":[1]->\"right\":[]", "has no label")]
    [InlineData("\"right\":[1]->\"right\":[1,1]", "has the label 1 twice")]
    [InlineData("\"right\":[1]->\"right\":null", "null")]
    [InlineData("\"right\":[1]->\"right\":[0]", "'top' has a right class at rank 1, and the rank is 2")]
    [InlineData("\"key\":\"a\"->\"key\":\"\\u001b[2J\"", "the key has a control character")]
    [InlineData("\"rank\":2->\"rank\":1", "'top' has a right class at rank 2, and the rank is 1")]
    [InlineData("\"rank\":2->\"rank\":0", "the rank 0 is not between 1 and 2")]
    [InlineData("\"rank\":2->\"rank\":\"2\"", "could not be converted")]
    [InlineData("\"rank\":2->\"rank\":99999999999", "could not be converted")]
    [InlineData("{\"class\":0,\"score\":0.5},->", "'top' has 1 classes, not 2")]
    [InlineData("\"score\":0.5->\"score\":0.125", "'top' has not classes with finite scores in falling order")]
    [InlineData("\"score\":0.5->\"score\":1e99", "'top' has not classes with finite scores in falling order")]
    [InlineData("\"class\":0->\"class\":7", "'top' has not classes with finite scores in falling order")]
    public void Anything_else_is_an_error_with_the_number_of_its_line(string change, string message)
    {
        using var folder = new TemporaryFolder();
        var parts = change.Split("->");
        var line = change.StartsWith("GOOD+", StringComparison.Ordinal)
            ? Good.Replace("{\"key\"", "{" + change["GOOD+".Length..] + "\"key\"", StringComparison.Ordinal)
            : parts.Length == 2 ? Good.Replace(parts[0], parts[1], StringComparison.Ordinal)
            : change;
        File.WriteAllText(folder.File("p.jsonl"), Good.Replace("\"a\"", "\"first\"", StringComparison.Ordinal) + "\n" + line + "\n");
        var error = Assert.Throws<InvalidDataException>(() => PredictionFile.ReadClassification(folder.File("p.jsonl"), ["x", "y"]));
        Assert.StartsWith($"{folder.File("p.jsonl")}, line 2: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_right_class_behind_the_first_five_is_checked_too()
    {
        using var folder = new TemporaryFolder();
        var outcome = SampleResults.Classification(60, 30);
        PredictionFile.Write(folder.File("a"), outcome);
        Assert.Contains(outcome.Predictions, image => image.Rank > 5);
        PredictionFile.ReadClassification(folder.File("a"), outcome.ClassNames);
        var behind = outcome.Predictions.First(image => image.Rank > 5);
        foreach (var wrong in (Prediction[])
            [behind with { Rank = 3 }, behind with { FirstRight = new(behind.Predicted, 0) }, behind with { FirstRight = new(behind.Right[0], 99) }])
        {
            PredictionFile.Write(folder.File("b"), new ClassificationOutcome(outcome.ClassNames, [wrong]));
            Assert.Throws<InvalidDataException>(() => PredictionFile.ReadClassification(folder.File("b"), outcome.ClassNames));
        }
    }

    [Theory]
    [InlineData("{\"key\":\"a\",\"rank\":0,\"textRanks\":[1]}", "line 1: a rank is below 1")]
    [InlineData("{\"key\":\"a\",\"rank\":1,\"textRanks\":[]}", "line 1: 'textRanks' is empty")]
    [InlineData("{\"key\":\"a\",\"rank\":2,\"textRanks\":[1]}", "has a rank beyond the 1 images and 1 texts")]
    [InlineData("{\"key\":\"a\",\"rank\":1,\"textRanks\":[1]}\n{\"key\":\"a\",\"rank\":1,\"textRanks\":[1]}", "Two images have the key 'a'")]
    public void Ranks_that_cannot_be_are_refused(string text, string message)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("r.jsonl"), text);
        var error = Assert.Throws<InvalidDataException>(() => PredictionFile.ReadRetrieval(folder.File("r.jsonl")));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("imagenet-v2", "imagenet-v2")]
    [InlineData("photos.v2", "photos.v2")]
    [InlineData("../up", "up")]
    [InlineData("a/b", "a-b")]
    [InlineData("a\\b", "a-b")]
    [InlineData(".hidden", "hidden")]
    [InlineData("-dash", "dash")]
    [InlineData("a\n", "a")]
    [InlineData("C:x", "C-x")]
    [InlineData("Holiday Photos", "Holiday-Photos")]
    [InlineData("ünï", "uni")]
    [InlineData("u\u0308ni\u0308", "uni")]
    [InlineData("it's 50%", "it-s-50")]
    [InlineData("$HOME", "HOME")]
    [InlineData("猫", "data-set")]
    [InlineData("...", "data-set")]
    [InlineData("CON", "set-CON")]
    [InlineData("nul.2023", "set-nul.2023")]
    [InlineData("a\ud800b", "a-b")]
    public void A_file_is_called_as_its_data_set_in_signs_that_every_system_has(string name, string file) =>
        Assert.Equal(Path.Combine("folder", file + ".predictions.jsonl"), PredictionFile.PathsOf("folder", [name])[name]);

    [Fact]
    public void Files_of_one_report_differ_also_where_case_does_not_count()
    {
        string[] names = ["a b", "a-b", "A-B", "猫", "犬", new string('x', 300), new string('x', 301), "a-b-2"];
        var files = PredictionFile.PathsOf("f", names);
        Assert.Equal(
            ["a-b", "a-b-2", "A-B-3", "data-set", "data-set-2", new string('x', 100), new string('x', 100) + "-2", "a-b-2-2"],
            names.Select(name => Path.GetFileName(files[name]).Replace(PredictionFile.Extension, "", StringComparison.Ordinal)));
    }
}
