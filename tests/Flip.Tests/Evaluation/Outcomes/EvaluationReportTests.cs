using System.Globalization;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Reports;
using Flip.Tests.Evaluation.Reports;

namespace Flip.Tests.Evaluation.Outcomes;

public class EvaluationReportTests
{
    private const string Evil = "<script>alert(1)</script> | `x` *b* [a](http://evil) & \"q\" 'p'\nnew line";

    [Fact]
    public void A_folder_of_results_is_written_whole_and_read_back()
    {
        using var folder = new TemporaryFolder();
        var sets = SampleResults.Sets();
        var report = ResultsFolder.Write(folder.Path, SampleResults.Header, sets);
        Assert.Equal(
            [
                "birds.predictions.jsonl", "memes.predictions.jsonl", "photos.predictions.jsonl", "report.html",
                "results.csv", "results.json", "results.md", "scenes.predictions.jsonl",
            ],
            Directory.GetFiles(folder.Path).Select(Path.GetFileName).Order(StringComparer.Ordinal));
        foreach (var path in (string[])[folder.Path, folder.File("results.json")])
        {
            Assert.Equal(report.ToJson(), EvaluationReport.Read(path).ToJson());
        }

        var (row, outcome) = (report.Results[0], sets[0].Outcome);
        Assert.Equal(outcome.Statistic(Metric.MeanPerClass).Value(), row.Value);
        Assert.Equal(Bootstrap.Interval(outcome.Statistic(Metric.MeanPerClass), samples: 200), row.Interval);
        Assert.Equal((30, 0), (row.Images, row.Missing));
        Assert.Equal(1 / 7.0, row.Chance, 14);
    }

    [Theory]
    [InlineData("results.json")]
    [InlineData("results.md")]
    [InlineData("results.csv")]
    [InlineData("birds.predictions.jsonl")]
    [InlineData("photos.predictions.jsonl")]
    public void The_same_results_are_the_same_bytes_as_ever(string name)
    {
        // tests/Golden/evaluation was written by this very call; a change of a byte is to be meant.
        using var folder = new TemporaryFolder();
        var culture = CultureInfo.CurrentCulture;
        try
        {
            CultureInfo.CurrentCulture = CultureInfo.GetCultureInfo("de-DE");
            ResultsFolder.Write(folder.Path, SampleResults.Header, SampleResults.Sets());
        }
        finally
        {
            CultureInfo.CurrentCulture = culture;
        }

        Assert.Equal(File.ReadAllText(SharedData.Golden($"evaluation/{name}")), File.ReadAllText(folder.File(name)));
    }

    [Fact]
    public void A_date_is_there_only_where_it_is_given()
    {
        var report = new EvaluationReport(SampleResults.Header, []);
        Assert.DoesNotContain("date", report.ToJson(), StringComparison.Ordinal);
        var dated = report with { Header = SampleResults.Header with { Date = new(2024, 5, 1, 12, 0, 0, TimeSpan.Zero) } };
        Assert.Contains("\"date\": \"2024-05-01T12:00:00", dated.ToJson(), StringComparison.Ordinal);
        Assert.Contains("- date: 2024-05-01 12:00:00Z", MarkdownResults.Of(dated), StringComparison.Ordinal);
    }

    [Fact]
    public void Names_are_no_markup_in_Markdown()
    {
        var set = SampleResults.Set("birds", Metric.Top1, SampleResults.Classification(), [new(Evil, 0.5, Evil)]);
        var result = set.Result with { Notes = [Evil], Settings = new Dictionary<string, string> { [Evil] = Evil } };
        var report = new EvaluationReport(SampleResults.Header with { Model = Evil }, [result]);
        var lines = MarkdownResults.Of(report).Split('\n');
        Assert.Contains(@"- model: \<script\>alert(1)\</script\> \| \`x\` \*b\* \[a\](http://evil) \& ""q"" 'p' new line", lines);
        var rows = lines.Where(line => line.StartsWith('|')).ToList();
        var cells = rows.Select(row => row.Replace(@"\|", "", StringComparison.Ordinal).Count(letter => letter == '|')).ToList();
        Assert.Equal([8, 8, 8, 4, 4, 4, 4, 4], cells); // a bar of a name makes no cell
        Assert.DoesNotContain(lines, line => line.StartsWith("new line", StringComparison.Ordinal));
    }

    [Fact]
    public void Names_are_no_formula_and_no_cell_in_CSV()
    {
        var set = SampleResults.Set("birds", Metric.Top1, SampleResults.Classification(), [new("=1+1, \"a\"", 0.5, "s"), new("a\nb", 0.25, "s")]);
        using var stream = new MemoryStream();
        CsvResults.Write(stream, new(SampleResults.Header, [set.Result]));
        var text = System.Text.Encoding.UTF8.GetString(stream.ToArray());
        Assert.Contains(",\"reference =1+1, \"\"a\"\"\",\"reference a\nb\"\n", text, StringComparison.Ordinal);
        Assert.EndsWith(",0.5,0.25\n", text, StringComparison.Ordinal);
        using var again = new MemoryStream();
        CsvResults.Write(again, new(SampleResults.Header, [set.Result with { Name = "-1" }]));
        Assert.Contains("\n\"'-1\",Top1,", System.Text.Encoding.UTF8.GetString(again.ToArray()), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"value\": 2", "\"value\": ", "mean per class is 2, not between 0 and 1")]
    [InlineData("\"value\": 1e999", "\"value\": ", "1e999 is beyond every number")]
    [InlineData("\"images\": 0", "\"images\": ", "0 images and 0 missing ones cannot be")]
    [InlineData("\"images\": 1.5", "\"images\": ", "could not be converted")]
    [InlineData("\"name\": \"\\u001b[2J\"", "\"name\": ", "name is empty or has a control character")]
    [InlineData("\"name\": \"\"", "\"name\": ", "name is empty or has a control character")]
    [InlineData("\"metric\": \"best\"", "\"metric\": ", "could not be converted")]
    [InlineData("\"metric\": 1", "\"metric\": ", "could not be converted")]
    [InlineData("\"measure\": 1,", "\"value\": ", "could not be mapped")]
    [InlineData("\"weights\": \"\\u001b[2J\"", "\"weights\": ", "The entry 'weights' has a control character")]
    [InlineData("\"data\": \"\\n\"", "\"data\": ", "The entry 'data' has a control character")]
    [InlineData("\"notes\": [null]", "\"notes\": ", "null stands in a list of it")]
    [InlineData("\"notes\": null", "\"notes\": ", "null")]
    public void A_report_that_is_none_is_refused(string change, string line, string message)
    {
        using var folder = new TemporaryFolder();
        var text = new EvaluationReport(SampleResults.Header, [SampleResults.Sets()[0].Result]).ToJson().Split('\n');
        var place = Array.FindIndex(text, candidate => candidate.TrimStart().StartsWith(line, StringComparison.Ordinal));
        text[place] = change + (change.EndsWith(',') ? string.Empty : ",");
        File.WriteAllLines(folder.File("results.json"), text);
        var error = Assert.Throws<InvalidDataException>(() => EvaluationReport.Read(folder.Path));
        Assert.StartsWith(folder.File("results.json"), error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Data_sets_of_any_names_have_files_of_their_own_and_are_compared()
    {
        using var folder = new TemporaryFolder();
        var set = SampleResults.Sets()[0];
        string[] names = ["Holiday Photos", "holiday-photos", "ünï", "猫", "../up", "CON", new string('n', 250)];
        ResultsFolder.Write(folder.Path, SampleResults.Header, [.. names.Select(name => set with { Result = set.Result with { Name = name } })]);
        Assert.Equal(names, EvaluationReport.Read(folder.Path).Results.Select(result => result.Name));
        Assert.Equal(names.Length, Directory.GetFiles(folder.Path, "*.predictions.jsonl").Select(path => path.ToUpperInvariant()).Distinct().Count());
        Assert.Equal(names, Comparison.Of(folder.Path, folder.Path, samples: 100).Sets.Select(one => one.Name));
    }

    [Fact]
    public void Results_cannot_be_written_where_a_file_or_a_folder_is_in_the_way()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder.File("file"), "");
        Directory.CreateDirectory(folder.File("out/report.html"));
        Assert.Contains("--out", Assert.Throws<IOException>(() => ResultsFolder.Check(folder.File("file"), "--out")).Message, StringComparison.Ordinal);
        Assert.Contains("report.html", Assert.Throws<IOException>(() => ResultsFolder.Check(folder.File("out"), "--out")).Message, StringComparison.Ordinal);
        ResultsFolder.Check(folder.File("new/deep"), "--out");
        Assert.False(Directory.Exists(folder.File("new")));
    }

    [Fact]
    public void Rows_that_cannot_stand_together_are_refused()
    {
        using var folder = new TemporaryFolder();
        var set = SampleResults.Sets()[0];
        var same = set with { Images = null };
        var error = Assert.Throws<ConfigException>(() => ResultsFolder.Write(folder.Path, SampleResults.Header, [set, same]));
        Assert.Contains("is there twice", error.Message, StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => SampleResults.Set("a\nb", Metric.Top1, set.Outcome));
        Assert.Throws<ConfigException>(() => SampleResults.Set("a", Metric.Top1, set.Outcome, [new("CLIP", 76.1, "a percentage")]));
        Assert.Empty(Directory.GetFiles(folder.Path));
    }
}
