using Flip.Evaluation.DataSets;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Tests.Data.Layouts;
using Registry = Flip.Evaluation.DataSets.DataSets;

namespace Flip.Tests.Evaluation.DataSets;

/// <summary>What a user writes.</summary>
public sealed class OwnDescriptionTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void A_few_words_are_enough()
    {
        _folder.Text("sets/pond.json", """{"classes": ["duck", "frog"], "data": "photos"}""").Image("sets/photos/frog/1.jpg").Image("sets/photos/duck/1.jpg");
        var set = Registry.Get(_folder.File("sets/pond.json"));
        Assert.Equal(("pond", "pond", DataSetTask.Classification, Metric.Top1, "test"), (set.Name, set.Title, set.Task, set.Metric, set.Split));
        Assert.Equal(7, set.Templates.Count);
        Assert.Equal([[0], [1]], set.OpenLabelled().Labels);
    }

    [Fact]
    public void Files_that_it_names_are_relative_to_it()
    {
        _folder.Text("classes.json", """[["duck", "d"], "frog", ["newt", "n", "n2"]]""").Text("prompts.txt", "a photo of a {c}.")
            .Text("pond.json", """
                {
                  // comments and trailing commas are fine
                  "title": "My pond", "classes": {"file": "classes.json", "only": ["n2", "duck"]}, "templates": "prompts.txt", "metric": "meanPerClass",
                  "layouts": [{"kind": "list", "file": "{split}.txt", "pattern": "^(?<class>\\w+): (?<image>.+)$", "extension": ".jpg"}],
                  "results": [{"model": "ours", "value": 50.5, "source": "here"}],
                }
                """).Text("test.txt", "n: a", "d: b").Image("a.jpg").Image("b.jpg");
        var set = Registry.Get(_folder.File("pond.json"));
        Assert.Equal(["duck", "newt"], set.Classes.Select(entry => entry.Name));
        Assert.Equal(["a photo of a {c}."], set.Templates);
        Assert.Equal([new ReferenceResult("ours", 0.505, "here")], set.Results);
        Assert.Equal([[1], [0]], set.OpenLabelled(_folder.Path).Labels);
        Assert.Contains("name the folder of its data", Assert.Throws<ConfigException>(() => set.OpenLabelled()).Message, StringComparison.Ordinal);
        Assert.Contains("no captions", Assert.Throws<ConfigException>(() => set.OpenCaptioned(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        _folder.Text("bad.json", """
            {
              "titel": "x", "task": "clasification", "metric": 3, "images": -1, "videos": "yes", "templates": ["a photo"],
              "classes": ["a", 3], "layouts": [{"kind": "folder"}, {"kind": "list"}, {"kind": "list", "file": "a.txt", "pattern": "(?<image>a)(?=b)"}, {"kind": "idx", "file": "x"}],
              "results": [{"model": "m", "value": 101, "source": "s", "metric": "top1"}, {"value": 1, "source": "s"}]
            }
            """);
        var problems = Assert.Throws<ConfigException>(() => Registry.Get(_folder.File("bad.json"))).Problems;
        Assert.All(problems, problem => Assert.StartsWith(_folder.File("bad.json"), problem, StringComparison.Ordinal));
        string[] expected =
        [
            "titel: no such key; did you mean title?", "task: must be one of classification, multiLabel, retrieval", "metric: must be a text", "images: must be",
            "videos: must be true or false", "templates: must be", "entry 1 must be a name", "layouts[0].kind: must be one of folders, list",
            "layouts[1].file: is missing", "layouts[2].pattern: must be a regular expression", "layouts[3].file: no such key", "results[0].value: must be a number",
            "results[0].metric: no such key", "results[1].model: is missing",
        ];
        Assert.All(expected, part => Assert.Contains(problems, problem => problem.Contains(part, StringComparison.Ordinal)));
        Assert.Equal(expected.Length, problems.Count);
    }

    [Theory]
    [InlineData("""{"classes": ["a", "b", "c"], "metric": "rocAuc"}""", "classes: must be two")]
    [InlineData("""{"classes": ["a", "b"], "metric": "recall"}""", "metric: must be one of top1")]
    [InlineData("""{"task": "retrieval", "metric": "top1"}""", "metric: must be one of recall")]
    [InlineData("""{"task": "retrieval", "classes": ["a"]}""", "left out")]
    [InlineData("""{"task": "retrieval", "layouts": [{"kind": "cifar"}]}""", "kind: must be one of webDataset, shards, karpathy")]
    [InlineData("""{"task": "multiLabel", "classes": ["a"], "metric": "top1"}""", "one of elevenPointMap")]
    [InlineData("""{"classes": []}""", "there is none")]
    [InlineData("""{"classes": [["a", "x"], ["b", "x"]]}""", "'x' is two of them")]
    [InlineData("""{"classes": ["a", "a"]}""", "'a' is two of them")]
    [InlineData("""{"classes": "none.json"}""", "'none.json' cannot be read")]
    [InlineData("""{"classes": {"file": "own.json", "only": ["a"]}}""", "own.json: entry")]
    [InlineData("""{"classes": ["a"], "templates": "none.txt"}""", "none.txt")]
    [InlineData("""{"classes": ["a"], "classes": ["b"]}""", "no valid JSON")]
    [InlineData("""["a"]""", "must hold a JSON object")]
    [InlineData("{", "no valid JSON")]
    public void What_does_not_fit_together_is_told(string json, string problem)
    {
        _folder.Text("own.json", json);
        Assert.Contains(problem, Assert.Throws<ConfigException>(() => Registry.Get(_folder.File("own.json"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_description_is_named() =>
        Assert.Contains("none.json", Assert.Throws<ConfigException>(() => Registry.Get(_folder.File("none.json"))).Message, StringComparison.Ordinal);
}
