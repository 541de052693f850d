using Flip.Data;
using Flip.Tests.Data.Layouts;
using Registry = Flip.Evaluation.DataSets.DataSets;

namespace Flip.Tests.Evaluation.DataSets;

/// <summary>A description of a stranger names files of its own folder only, and what it says takes bounded time and memory.</summary>
public sealed class DescriptionBoundsTests : IDisposable
{
    private readonly LayoutFolder _folder = new();

    public DescriptionBoundsTests() => _folder.Image("home/duck/1.jpg").Image("home/frog/1.jpg").Text("home/classes.json", """["duck", "frog"]""")
        .Text("home/prompts.txt", "a {c}").Text("home/list.txt", "duck 1.jpg").Shard("home/0.tar", "cls", [(byte)'0']).Text("sent/empty/x.txt", "x");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""{"classes": "../home/classes.json"}""")]
    [InlineData("""{"classes": {"file": "../home/classes.json"}}""")]
    [InlineData("""{"classes": ["duck", "frog"], "templates": "../home/prompts.txt"}""")]
    [InlineData("""{"classes": ["duck", "frog"], "data": "../home"}""")]
    [InlineData("""{"classes": ["duck", "frog"], "data": "../home/*.tar"}""")]
    [InlineData("""{"classes": ["duck", "frog"], "data": "{../home/0,../home/0}.tar"}""")]
    [InlineData("""{"classes": ["duck", "frog"], "data": "link"}""")]
    [InlineData("""{"classes": ["duck", "frog"], "data": ".", "layouts": [{"kind": "folders", "at": ["../home"]}]}""")]
    [InlineData("""{"classes": ["duck", "frog"], "data": ".", "layouts": [{"kind": "list", "file": "../home/list.txt", "pattern": "(?<class>.+) (?<image>.+)"}]}""")]
    [InlineData("""{"classes": ["duck", "frog"], "data": ".", "split": "../home", "layouts": [{"kind": "folders"}]}""")]
    [InlineData("""{"task": "retrieval", "data": ".", "layouts": [{"kind": "karpathy", "file": "../home/classes.json"}]}""")]
    public void What_it_names_outside_its_folder_is_not_opened(string json)
    {
        Directory.CreateSymbolicLink(_folder.File("sent/link"), _folder.File("home"));
        _folder.Text("sent/set.json", json);
        var message = Assert.Throws<ConfigException>(() => Open(allowOutside: false)).Message;
        Assert.Contains("lies outside the folder", message, StringComparison.Ordinal);
        Assert.Contains(FolderBounds.Option, message, StringComparison.Ordinal);
    }

    [Fact]
    public void It_is_where_the_user_allows_it()
    {
        _folder.Text("sent/set.json", """{"classes": "../home/classes.json", "templates": "../home/prompts.txt", "data": "../home", "layouts": [{"kind": "folders"}]}""");
        Open(allowOutside: true);
        var set = Registry.Get(_folder.File("sent/set.json"), allowOutside: true);
        Assert.Equal(2, set.OpenLabelled(options: new SourceOptions { AllowOutside = true }).Images.Count);
    }

    [Fact]
    public void Data_that_a_user_names_lie_anywhere()
    {
        _folder.Text("sent/set.json", """{"classes": ["duck", "frog"], "layouts": [{"kind": "folders"}]}""");
        Assert.Equal(2, Registry.Get(_folder.File("sent/set.json")).OpenLabelled(_folder.File("home")).Images.Count);
    }

    [Theory]
    [InlineData("""{"title": "a\u001b[31mred"}""", "title: must be a text without control characters")]
    [InlineData("""{"name": "a\nb"}""", "name: must be a text without control characters")]
    [InlineData("""{"title": "\ud800"}""", "half of a surrogate pair")]
    [InlineData("""{"\ud800": 1}""", "surrogate pair")]
    [InlineData("""{"classes": ["a\u0007", "b"]}""", "entry 0 must be a name")]
    [InlineData("""{"classes": ["\udc00", "b"]}""", "surrogate pair")]
    [InlineData("""{"classes": ["a"], "templates": ["\u0000{c}"]}""", "templates: must be")]
    [InlineData("""{"images": 1e999}""", "1e999 is beyond every number")]
    [InlineData("""{"results": [{"model": "m", "source": "s", "value": 1e999}]}""", "1e999 is beyond every number")]
    [InlineData("""{"classes": [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]""", "no valid JSON")]
    public void What_no_text_or_number_is_has_a_message(string json, string problem)
    {
        _folder.Text("sent/set.json", json);
        Assert.Contains(problem, Assert.Throws<ConfigException>(() => Registry.Get(_folder.File("sent/set.json"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Many_problems_are_told_in_few_lines()
    {
        _folder.Text("sent/set.json", $$"""{{{string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"\"k{i}\": 1"))}}}""");
        Assert.InRange(Assert.Throws<ConfigException>(() => Registry.Get(_folder.File("sent/set.json"))).Message.Count(c => c == '\n'), 10, 60);
        _folder.Text("sent/set.json", $$"""{"classes": [{{string.Join(',', Enumerable.Range(0, 20_000).Select(i => $"[\"c{i}\", \"a{i / 2}\"]"))}}]}""");
        Assert.InRange(Assert.Throws<ConfigException>(() => Registry.Get(_folder.File("sent/set.json"))).Message.Count(c => c == '\n'), 10, 60);
    }

    [Theory]
    [InlineData("(?<image>((((a?b?){1,50}){1,50}){1,50}){1,50})c(?<class>x)", "pattern: must be")]
    [InlineData("(?<image>(a?b?a?b?){1,240})c(?<class>x)", "list.txt")]
    [InlineData("(?<image>(a*b*)*)c(?<class>x)", "list.txt")]
    public void A_pattern_of_repeats_in_repeats_ends(string pattern, string problem)
    {
        _folder.Text("sent/set.json", $$"""{"classes": ["x"], "data": ".", "layouts": [{"kind": "list", "file": "list.txt", "pattern": "{{pattern}}"}]}""")
            .Text("sent/list.txt", new string('a', 100_000));
        Assert.Contains(problem, Assert.Throws<ConfigException>(() => Open(allowOutside: false)).Message, StringComparison.Ordinal);
    }

    private void Open(bool allowOutside)
    {
        var set = Registry.Get(_folder.File("sent/set.json"), allowOutside);
        var options = new SourceOptions { AllowOutside = allowOutside };
        _ = set.Task == Flip.Evaluation.DataSets.DataSetTask.Retrieval ? (object)set.OpenCaptioned(options: options) : set.OpenLabelled(options: options);
    }
}
