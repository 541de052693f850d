using Flip.Data;
using Flip.Data.Formats;

namespace Flip.Tests.Data.Formats;

public sealed class CaptionReaderTests : IDisposable
{
    private static readonly string[] Names = ["cat", "dog"];

    private readonly TestShards _shards = new();

    public void Dispose() => _shards.Dispose();

    [Fact]
    public void Captions_of_json_go_before_txt_and_txt_before_caption()
    {
        Assert.Equal(["a", "b"], Read(("1.txt", "t"), ("1.json", """{"captions": [" a ", "b", "  "], "caption": "c"}""")));
        Assert.Equal(["t"], Read(("1.txt", " t\n"), ("1.json", """{"caption": "c"}""")));
        Assert.Equal(["c"], Read(("1.json", """{"caption": "c", "captions": null}""")));
        Assert.Equal(["one"], Read(("1.json", """{"captions": "one"}""")));
        Assert.Equal(["t"], Read(("1.txt", "t"), ("1.json", """{"captions": [], "url": {"deep": [1]}}""")));
    }

    [Fact]
    public void A_class_becomes_a_caption_by_each_template()
    {
        Assert.Equal(["a dog", "the dog."], Read(["a {c}", "the {c}."], ("1.cls", "1\n")));
        Assert.Equal(["t"], Read(["a {c}"], ("1.cls", "1"), ("1.txt", "t")));
    }

    [Fact]
    public void Bytes_that_are_no_utf8_are_replaced_and_marks_dropped()
    {
        Assert.Equal(["caf\uFFFD"], Read(("1.txt", "caf\u00E9")));
        Assert.Equal(["x"], Read(("1.txt", "\u00EF\u00BB\u00BFx")));
        Assert.Equal(["x"], Read(("1.json", "\u00EF\u00BB\u00BF{\"caption\": \"x\"}")));
    }

    [Fact]
    public void A_caption_of_ten_thousand_words_is_read() =>
        Assert.Equal(59_999, Assert.Single(Read(("1.txt", string.Join(' ', Enumerable.Repeat("words", 10_000))))).Length);

    [Fact]
    public void Captions_that_cannot_be_used_are_counted_by_cause()
    {
        Assert.Equal("no caption", Cause());
        Assert.Equal("no caption", Cause(("1.json", """{"url": "x"}""")));
        Assert.Equal("empty caption", Cause(("1.txt", "")));
        Assert.Equal("empty caption", Cause(("1.txt", " \n"), ("1.json", """{"captions": ["", " "]}""")));
        Assert.Equal("invalid json", Cause(("1.json", "not json"), ("1.txt", "t")));
        Assert.Equal("invalid json", Cause(("1.json", "")));
        Assert.Equal("invalid json", Cause(("1.json", "[\"a\"]")));
        Assert.Equal("invalid json", Cause(("1.json", """{"captions": ["a", 3]}""")));
        Assert.Equal("invalid json", Cause(("1.json", """{"caption": "\ud800"}""")));
        Assert.Equal("invalid json", Cause(("1.json", "{\"caption\": \"\u00E9\"}")));
        Assert.Equal("invalid json", Cause(("1.json", "{\"captions\": " + new string('[', 100_000))));
        Assert.Equal("text too large", Cause(("1.txt", new string('x', (1 << 20) + 1))));
        Assert.Equal("class out of range", Cause(("1.cls", "2")));
        Assert.Equal("class out of range", Cause(("1.cls", "-1")));
        Assert.Equal("class not a number", Cause(("1.cls", "cat")));
        Assert.Equal("class not a number", Cause(("1.cls", "99999999999")));
    }

    [Fact]
    public void A_class_without_names_says_so()
    {
        var error = Assert.Throws<BadSampleException>(() => Read(new CaptionReader(), ("1.cls", "1")));
        Assert.Equal("no caption", error.Cause);
        Assert.Contains("no class names", error.Message, StringComparison.Ordinal);
    }

    private string Cause(params (string, string)[] members) =>
        Assert.Throws<BadSampleException>(() => Read(new CaptionReader(Names), members)).Cause;

    private IReadOnlyList<string> Read(params (string, string)[] members) => Read(new CaptionReader(), members);

    private IReadOnlyList<string> Read(string[] templates, params (string, string)[] members) =>
        Read(new CaptionReader(Names, templates), members);

    private IReadOnlyList<string> Read(CaptionReader reader, params (string, string)[] members)
    {
        var index = DataSetIndex.Open([_shards.Write("a.tar", [("1.jpg", "i"), .. members])]);
        using var files = index.OpenFiles();
        return [.. reader.Read(index.Members(files, 0), index.Find(0).Entry)];
    }
}
