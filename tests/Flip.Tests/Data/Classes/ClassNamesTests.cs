using Flip.Data.Classes;

namespace Flip.Tests.Data.Classes;

public sealed class ClassNamesTests : IDisposable
{
    private readonly TestShards _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("""["cat", "dog"]""")]
    [InlineData("""{"classes": ["cat", "dog"]}""")]
    [InlineData("""{"names": [" cat ", "dog"]}""")]
    [InlineData("""{"1": "dog", "0": "cat"}""")]
    [InlineData("""{"0": ["n01440764", "cat"], "1": ["n01443537", "dog"]}""")]
    [InlineData("""[["cat", "kitty"], ["dog"]]""")]
    [InlineData("""[{"label": 1, "names": ["dog", "hound"]}, {"label": 0, "wnid": "n1", "names": ["cat"]}]""")]
    [InlineData("""[{"name": "cat"}, {"name": "dog"}]""")]
    [InlineData("\uFEFF[\"cat\", \"dog\"]")]
    public void Every_form_gives_the_names_by_number(string json) => Assert.Equal(["cat", "dog"], Load(json));

    [Theory]
    [InlineData("""[["n01440764", "cat", "kitty"], "dog"]""", "n01440764 kitty", "")]
    [InlineData("""{"n01440764": "cat", "dogs/small": ["dog", "hound"]}""", "n01440764", "dogs/small hound")]
    [InlineData("""{"1": "dog", "0": "cat"}""", "", "")]
    public void What_else_a_file_calls_a_class_may_be_its_folder(string json, string ofCat, string ofDog)
    {
        File.WriteAllText(_folder.Path("names.json"), json);
        var classes = ClassNames.LoadEntries(_folder.Path("names.json"));
        Assert.Equal(["cat", "dog"], classes.Select(entry => entry.Name));
        Assert.Equal([ofCat, ofDog], classes.Select(entry => string.Join(' ', entry.Aliases)));
    }

    [Theory]
    [InlineData("cat, dog", "cannot be read")]
    [InlineData("3", "expected a list")]
    [InlineData("[]", "no name in it")]
    [InlineData("""["cat", 3]""", "entry 1 has no name")]
    [InlineData("""["cat", " "]""", "entry 1 has no name")]
    [InlineData("""{"n01440764": "tench"}""", "'n01440764' is no class number")]
    [InlineData("""{"0": "cat", "2": "dog"}""", "class 1 is missing")]
    [InlineData("""[{"label": 0, "name": "cat"}, {"label": 0, "name": "dog"}]""", "class 0 is there twice")]
    [InlineData("""[{"label": "x", "name": "cat"}]""", "cannot be read")]
    public void Other_forms_are_refused_with_the_place(string json, string expected)
    {
        var error = Assert.Throws<ConfigException>(() => Load(json));
        Assert.Contains("names.json", error.Message, StringComparison.Ordinal);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_missing_file_is_named() =>
        Assert.Contains(
            "nowhere.json",
            Assert.Throws<ConfigException>(() => ClassNames.Load(_folder.Path("nowhere.json"))).Message,
            StringComparison.Ordinal);

    [Fact]
    public void Tiny_ImageNet_has_a_hundred_names()
    {
        var names = ClassNames.Load(SharedData.Require("data/tiny-imagenet/classes.json"));
        Assert.Equal(100, names.Count);
        Assert.Equal(["boa constrictor", "trilobite", "tarantula"], names.Take(3));
    }

    [Fact]
    public void The_known_templates_are_whole()
    {
        Assert.Equal((7, 80), (ClassTemplates.Load("flip7").Count, ClassTemplates.Load("clip80").Distinct().Count()));
        Assert.Equal(80, ClassTemplates.Clip80.Count);
        Assert.All(ClassTemplates.Clip80.Concat(ClassTemplates.Flip7), template => Assert.Single(template.Split("{c}").Skip(1)));
        Assert.Subset(ClassTemplates.Clip80.ToHashSet(), ClassTemplates.Flip7.ToHashSet());
        Assert.Equal("art of the cat.", ClassTemplates.Render(ClassTemplates.Flip7[5], "cat"));
    }

    [Fact]
    public void Own_templates_come_from_a_file_and_lines_without_name_are_refused()
    {
        File.WriteAllText(_folder.Path("own.txt"), "a {c}\n\n  the {c}.  \n");
        Assert.Equal(["a {c}", "the {c}."], ClassTemplates.Load(_folder.Path("own.txt")));
        File.WriteAllText(_folder.Path("own.txt"), "a {c}\na cat\n");
        Assert.Contains(
            "line 2", Assert.Throws<ConfigException>(() => ClassTemplates.Load(_folder.Path("own.txt"))).Message, StringComparison.Ordinal);
        File.WriteAllText(_folder.Path("own.txt"), "\n");
        Assert.Contains(
            "has none",
            Assert.Throws<ConfigException>(() => ClassTemplates.Load(_folder.Path("own.txt"))).Message,
            StringComparison.Ordinal);
        Assert.Contains("'clip8'", Assert.Throws<ConfigException>(() => ClassTemplates.Load("clip8")).Message, StringComparison.Ordinal);
    }

    private IReadOnlyList<string> Load(string json)
    {
        File.WriteAllText(_folder.Path("names.json"), json);
        return ClassNames.Load(_folder.Path("names.json"));
    }
}
