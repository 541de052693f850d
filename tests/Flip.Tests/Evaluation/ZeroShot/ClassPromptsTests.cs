using System.Text;
using Flip.Evaluation.ZeroShot;
using Flip.Tests.Data;

namespace Flip.Tests.Evaluation.ZeroShot;

public sealed class ClassPromptsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_name_stands_in_every_template()
    {
        var prompts = ClassPrompts.OfTemplates(["cat", "sea lion"], ["a {c}.", "{c} or {c}"]);
        Assert.Equal(["cat", "sea lion"], prompts.ClassNames);
        Assert.Equal([["a cat.", "cat or cat"], ["a sea lion.", "sea lion or sea lion"]], prompts.Texts);
    }

    [Fact]
    public void Lists_that_make_no_prompts_are_refused_with_every_problem()
    {
        var error = Assert.Throws<ConfigException>(() => ClassPrompts.OfTemplates(["cat", " "], ["a {c}", "a photo", "a {C}"]));
        Assert.Equal(
            [
                "Class 1 has an empty name.",
                "Template 2, 'a photo', has no {c} for the name of the class.",
                "Template 3, 'a {C}', has no {c} for the name of the class.",
            ],
            error.Problems);
        error = Assert.Throws<ConfigException>(() => ClassPrompts.OfTemplates([], []));
        Assert.Equal(
            ["There are no classes: the list of class names is empty.", "There are no templates: the list is empty."], error.Problems);
    }

    [Fact]
    public void Prompts_of_a_file_are_found_by_name_whatever_the_case_and_other_classes_are_ignored()
    {
        var file = Write("""{"Tench": ["a fish"], "tench": ["a freshwater fish", "green"], "Goldfish": ["orange"], "shark": ["grey"]}""");
        Assert.Equal([["orange"], ["a freshwater fish", "green"]], ClassPrompts.OfFile(file, ["goldfish", "tench"]).Texts);
    }

    [Fact]
    public void Prompts_of_a_file_are_found_whatever_the_form_of_the_letters_and_the_underscores()
    {
        var file = Write("{\"" + "Crème brûlée".Normalize(NormalizationForm.FormD) + "\": [\"sweet\"]}");
        Assert.Equal([["sweet"], ["sweet"]], ClassPrompts.OfFile(file, ["Crème brûlée", "crème_brûlée"]).Texts);
        Assert.Contains("Duplicate", Assert.Throws<ConfigException>(() => ClassPrompts.OfFile(Write("{\"a\": [\"x\"], \"a\": [\"y\"]}"), ["a"])).Message, StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public void Classes_that_the_tokenizer_cannot_tell_apart_are_told_with_their_images()
    {
        var prompts = ClassPrompts.OfTemplates(["crane", "emu", "crane", "Emu"], ["a {c}.", "the {c}"]);
        Assert.Equal(new Dictionary<int, int> { [2] = 0 }, prompts.Repeated(new CharTokenizer(), 12));
        Assert.Equal(new Dictionary<int, int> { [1] = 0, [2] = 0, [3] = 0 }, prompts.Repeated(new CharTokenizer(), 2)); // cut before the name
        var note = prompts.NoteOfRepeated(new CharTokenizer(), 12, [0, 2, 2, 1])!;
        Assert.Contains("1 of 4 classes", note, StringComparison.Ordinal);
        Assert.Contains("2 'crane' those of 0 'crane'", note, StringComparison.Ordinal);
        Assert.Contains("the 2 images of the later are counted as wrong", note, StringComparison.Ordinal);
        Assert.Null(ClassPrompts.OfTemplates(["crane", "emu"], ["{c}"]).NoteOfRepeated(new CharTokenizer(), 12, [0]));
    }

    [Fact]
    public void Classes_without_a_prompt_are_named_with_the_file()
    {
        var file = Write("""{"tench": ["a fish"], "ray": []}""");
        var error = Assert.Throws<ConfigException>(() => ClassPrompts.OfFile(file, ["tench", "ray", "eel"]));
        Assert.Equal($"Prompts '{file}': 2 of 3 classes have none, such as 'ray', 'eel'.", error.Message);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("""{"tench": "a fish"}""")]
    [InlineData("""{"tench": null}""")]
    [InlineData("""{"tench": [" "]}""")]
    [InlineData("{")]
    public void A_file_of_another_form_is_refused_with_its_name(string content)
    {
        var file = Write(content);
        var error = Assert.Throws<ConfigException>(() => ClassPrompts.OfFile(file, ["tench"]));
        Assert.StartsWith($"Prompts '{file}' cannot be read: ", error.Message, StringComparison.Ordinal);
    }

    private string Write(string content)
    {
        var file = Path.Combine(_folder.Path, "prompts.json");
        File.WriteAllText(file, content);
        return file;
    }
}
