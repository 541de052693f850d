using System.Text;
using Flip.Data;
using Flip.Data.Shards;

namespace Flip.Tests.Data.Shards;

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

    [Theory]
    [InlineData("utf-8")]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    [InlineData("utf-32BE")]
    public void A_mark_says_the_encoding(string name)
    {
        var encoding = Encoding.GetEncoding(name);
        Assert.Equal(["ein Käfer, два"], Read(("1.txt", Marked("ein Käfer, два\n"))));
        Assert.Equal(["ein Käfer, два"], Read(("1.json", Marked("""{"score": NaN, "caption": "ein Käfer, два"}"""))));
        Assert.Equal(["dog"], Read(["{c}"], ("1.cls", Marked("1"))));

        string Marked(string text) => Encoding.Latin1.GetString([.. encoding.GetPreamble(), .. encoding.GetBytes(text)]);
    }

    [Fact]
    public void An_encoding_that_nothing_says_is_a_cause_and_never_garbage()
    {
        Assert.Equal("caption encoding", Cause(("1.txt", "caf\u00E9")));
        Assert.Equal("caption encoding", Cause(("1.json", "{\"caption\": \"caf\u00E9\"}")));
        foreach (var text in (string[])["a dog", "два кота", "кот", "猫と犬"])
        {
            foreach (var unmarked in (Encoding[])[new UnicodeEncoding(false, false), new UnicodeEncoding(true, false)])
            {
                Assert.Equal("caption encoding", Cause(("1.txt", Encoding.Latin1.GetString(unmarked.GetBytes(text)))));
                var json = Encoding.Latin1.GetString(unmarked.GetBytes($$"""{"caption": "{{text}}"}"""));
                Assert.Equal("caption encoding", Cause(("1.json", json)));
            }
        }

        Assert.Equal(["c"], Read(("1.txt", "caf\u00E9"), ("1.json", """{"caption": "c"}"""))); // one that can be read is there
    }

    [Theory]
    [InlineData("""{"similarity": NaN, "punsafe": Infinity, "score": -Infinity, "caption": "c", "list": [NaN, -Infinity]}""")]
    [InlineData("""{"caption": "c", "captions": null, "exif": "{\"a\": \"NaN\", \"b\": \"\\\"\"}"}""")]
    [InlineData("""{"captions": NaN, "caption": "c"}""")]
    [InlineData("""{"caption": "first", "caption": "c"}""")]
    [InlineData("""{"caption": "c", /* a comment */ "other": [1, 2,],} and more""")]
    [InlineData("{\"exif\": \"\u00E9\u0080\", \"caption\": \"c\"}")]
    [InlineData("{\"caption\": \"c\", \"exif\": \"a line\nbreak and no end")]
    public void Other_fields_of_a_json_never_cost_a_caption(string json)
    {
        Assert.Equal(["c"], Read(("1.json", json)));
        Assert.Equal(["t"], Read(("1.json", json), ("1.txt", "t")));
    }

    [Fact]
    public void Large_and_deep_fields_never_cost_a_caption()
    {
        Assert.Equal(["c"], Read(("1.json", "{\"exif\": \"" + new string('x', 3 << 20) + "\", \"caption\": \"c\"}")));
        Assert.Equal(["c"], Read(("1.json", "{\"deep\": " + new string('[', 100_000) + new string(']', 100_000) + ", \"caption\": \"c\"}")));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("NaN")]
    [InlineData("{\"caption\": NaN}")]
    [InlineData("{\"caption\": null, \"captions\": [\"a\", null]}")]
    [InlineData("{\"captions\": [\"a\", [\"b\"]]}")]
    [InlineData("{\"captions\": [\"a\", NaN]}")]
    [InlineData("{\"captions\": {\"a\": 1}, \"caption\": true}")]
    [InlineData("\u00FF\u00FE\u0000")]
    [InlineData("not json")]
    public void A_json_without_captions_never_costs_the_text(string json) => Assert.Equal(["t"], Read(("1.txt", "t"), ("1.json", json)));

    [Fact]
    public void Numbers_are_captions_as_they_are_written()
    {
        Assert.Equal(["2020"], Read(("1.json", """{"caption": 2020}""")));
        Assert.Equal(["1984.0"], Read(("1.json", """{"caption": 1984.0, "n": NaN}""")));
        Assert.Equal(["a", "3"], Read(("1.json", """{"captions": ["a", 3]}"""), ("1.txt", "t")));
    }

    [Fact]
    public void Of_a_mixed_list_the_texts_count_where_nothing_else_does()
    {
        Assert.Equal(["c"], Read(("1.json", """{"captions": ["a", null], "caption": "c"}""")));
        Assert.Equal(["a", "b"], Read(("1.json", """{"captions": ["a", null, {"x": 1}, "b"], "caption": null}"""), ("1.txt", " ")));
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
        Assert.Equal("invalid json", Cause(("1.json", "not json")));
        Assert.Equal("invalid json", Cause(("1.json", "not json"), ("1.txt", "")));
        Assert.Equal("invalid json", Cause(("1.json", "")));
        Assert.Equal("invalid json", Cause(("1.json", "[\"a\"]")));
        Assert.Equal("invalid json", Cause(("1.json", """{"captions": {"a": 3}}""")));
        Assert.Equal("invalid json", Cause(("1.json", """{"caption": "\ud800"}""")));
        Assert.Equal("invalid json", Cause(("1.json", "{\"captions\": " + new string('[', 100_000))));
        Assert.Equal("text too large", Cause(("1.txt", new string('x', (1 << 20) + 1))));
        Assert.Equal("class encoding", Cause(("1.cls", "\u00E9")));
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
