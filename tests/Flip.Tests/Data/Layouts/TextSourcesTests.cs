using System.Text;
using Flip.Data.Layouts;
using Flip.Data.Shards;
using Flip.Tokenizers;

namespace Flip.Tests.Data.Layouts;

public sealed class TextSourcesTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly TestShards _shards = new();

    public void Dispose()
    {
        _folder.Dispose();
        _shards.Dispose();
    }

    [Fact]
    public void Lines_have_their_numbers_as_keys_and_blank_ones_are_told()
    {
        var source = TextSources.Open(Write("t.txt", "\uFEFFa dog\r\n\n  ein Käfer \n"));
        for (var pass = 0; pass < 2; pass++)
        {
            Assert.Equal([("1", "a dog"), ("2", null), ("3", "ein Käfer")], source.Read().Select(text => (text.Key, text.Text)));
        }

        Assert.EndsWith("t.txt, line 2: the line is blank", source.Read().ElementAt(1).Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_text_that_no_tokenizer_takes_is_told_with_its_place()
    {
        var longText = new string('x', TokenizerLimits.TextLength + 1);
        foreach (var (name, content) in ((string, string)[])[("l.txt", $"a\n{longText}\nb"), ("l.jsonl", $"\"a\"\n\"{longText}\"\n\"b\""), ("l.json", $"[\"a\",\"{longText}\",\"b\"]")])
        {
            var texts = TextSources.Open(Write(name, content)).Read().ToList();
            Assert.Equal(["a", null, "b"], texts.Select(text => text.Text));
            Assert.Contains(name, texts[1].Problem, StringComparison.Ordinal);
            Assert.EndsWith("the text has 4194305 characters, and the longest that is tokenized 4194304: shorten it", texts[1].Problem, StringComparison.Ordinal);
        }

        var captions = JsonCaptions.Read(Encoding.UTF8.GetBytes($"{{\"captions\":[\"{longText}\",\"b\"]}}"));
        Assert.Equal(["b"], captions.Several);
        Assert.Contains("4194304", captions.Problem?.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Json_lines_are_texts_or_objects()
    {
        var source = TextSources.Open(Write(
            "t.jsonl",
            """
            "plain"
            {"text": "a", "id": 7}
            {"caption": "b", "key": "img", "text": null}
            {"captions": ["c", " ", "d"], "key": "many"}
            {"key": "none"}
            [1]
            {"text": "\uD800"}
            not json

            {"text": "e", "key": "img"}
            """));
        var read = source.Read().ToList();
        Assert.Equal(
            [("1", "plain"), ("7", "a"), ("img", "b"), ("many#0", "c"), ("many#2", "d")],
            read.Where(text => text.Problem is null).Select(text => (text.Key, text.Text)));
        var problems = read.Where(text => text.Text is null).Select(text => text.Problem!).ToList();
        string[] expected =
        [
            "line 4: the text is blank", "line 5: an object without", "line 6: neither a text nor", "line 7: no valid JSON", "line 8: no valid JSON",
            "line 9: the line is blank", "line 10: its key 'img' is that of line 3 already",
        ];
        Assert.Equal(expected.Length, problems.Count);
        Assert.All(expected.Zip(problems), pair => Assert.Contains("t.jsonl, " + pair.First, pair.Second, StringComparison.Ordinal));
    }

    [Fact]
    public void A_json_list_is_read_in_the_same_way()
    {
        var source = TextSources.Open(Write("t.json", """["a", {"text": "b", "key": "k"}, null, {"text": "c", "id": "k"}, 2020]"""));
        Assert.Equal([("1", "a"), ("k", "b"), ("3", null), ("k", null), ("5", "2020")], source.Read().Select(text => (text.Key, text.Text)));
        Assert.Contains("entry 4: its key 'k' is that of entry 2", source.Read().ElementAt(3).Problem, StringComparison.Ordinal);
        Assert.Contains("expected a list", Assert.Throws<ConfigException>(() => TextSources.Open(Write("o.json", "{}")).Read().ToList()).Message, StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => TextSources.Open(Write("x.json", "[1,")).Read().ToList());
    }

    [Fact]
    public void Other_fields_of_json_lines_cost_no_text()
    {
        File.WriteAllBytes(
            _folder.File("t.jsonl"),
            [
                .. "{\"caption\": \"a\", \"score\": NaN, \"n\": -Infinity, \"more\": \"NaN \\\" NaN\"}\n"u8,
                .. "{\"exif\": \"caf"u8, 0xE9, .. "\", \"text\": \"b\"}\n{\"text\": NaN}\n{\"text\": \"caf"u8, 0xE9, .. "\"}\n{\"text\": 1984.0}\n"u8,
            ]);
        var read = TextSources.Open(_folder.File("t.jsonl")).Read().ToList();
        Assert.Equal(["a", "b", null, null, "1984.0"], read.Select(text => text.Text));
        Assert.Contains("an object without", read[2].Problem, StringComparison.Ordinal);
        Assert.Contains("line 4: the text is not UTF-8", read[3].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_list_in_another_encoding_is_decoded_by_its_mark_or_told_line_by_line()
    {
        foreach (var encoding in (Encoding[])[Encoding.UTF8, Encoding.Unicode, Encoding.BigEndianUnicode, Encoding.UTF32, new UTF32Encoding(true, true)])
        {
            File.WriteAllText(_folder.File("t.txt"), "ein Käfer\r\nдва", encoding);
            Assert.Equal(["ein Käfer", "два"], TextSources.Open(_folder.File("t.txt")).Read().Select(text => text.Text));
        }

        File.WriteAllBytes(_folder.File("t.txt"), Encoding.Latin1.GetBytes("a dog\nein Käfer\na cat"));
        var read = TextSources.Open(_folder.File("t.txt")).Read().ToList();
        Assert.Equal(["a dog", null, "a cat"], read.Select(text => text.Text));
        Assert.Contains("line 2: the text is not UTF-8", read[1].Problem, StringComparison.Ordinal);
        foreach (var unmarked in (Encoding[])[new UnicodeEncoding(false, false), new UnicodeEncoding(true, false)])
        {
            File.WriteAllText(_folder.File("t.txt"), "a dog\nдва кота\n猫と犬", unmarked);
            Assert.All(TextSources.Open(_folder.File("t.txt")).Read(), text => Assert.Null(text.Text));
        }
    }

    [Fact]
    public void Shards_give_all_captions_of_each_sample()
    {
        var path = _shards.Write(
            "a.tar", ("1.jpg", "i"), ("1.json", """{"captions": ["a", "b"]}"""), ("2.jpg", "i"), ("2.cls", "3"), ("3.jpg", "i"), ("3.txt", "c"));
        var read = TextSources.Open(path).Read().ToList();
        Assert.Equal([("a/1#0", "a"), ("a/1#1", "b"), ("a/2", null), ("a/3#0", "c")], read.Select(text => (text.Key, text.Text)));
        Assert.Contains("'a/2' in ", read[2].Problem, StringComparison.Ordinal);
    }

    [Fact]
    public void A_source_that_is_none_is_refused()
    {
        Assert.Contains("none.txt", Refusal(_folder.File("none.txt")), StringComparison.Ordinal);
        Assert.Contains("no source of texts", Refusal("a dog"), StringComparison.Ordinal);
        Assert.Contains("has no .tar shard", Refusal(_folder.Path), StringComparison.Ordinal);
        Assert.Throws<ConfigException>(() => TextSources.Open(_folder.File("none.jsonl")).Read().ToList());
    }

    private static string Refusal(string source) => Assert.Throws<ConfigException>(() => TextSources.Open(source)).Message;

    private string Write(string name, string content)
    {
        File.WriteAllText(_folder.File(name), content);
        return _folder.File(name);
    }
}
