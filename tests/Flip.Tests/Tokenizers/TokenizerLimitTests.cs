using System.Diagnostics;
using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Tests.Tokenizers;

/// <summary>Tokenizer files and texts that are small to send and large to hold.</summary>
public sealed class TokenizerLimitTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("a", "unpacks to more than 67108864 bytes")]
    [InlineData("\n", "has more than 1048576 lines")]
    public void A_list_of_merges_that_unpacks_without_end_is_refused(string unit, string expected)
    {
        var path = _folder.File("m.txt.gz");
        using (var file = new GZipStream(File.Create(path), CompressionLevel.Fastest))
        {
            var block = Encoding.ASCII.GetBytes(new StringBuilder().Insert(0, unit, 1 << 20).ToString());
            for (var i = 0; i < (unit == "a" ? 80 : 8); i++)
            {
                file.Write(block);
            }
        }

        AssertRefused(path, () => ClipBpeTokenizer.Load(path), expected);
    }

    [Fact]
    public void A_line_that_is_no_merge_is_refused_by_its_length()
    {
        var path = _folder.File("m.txt");
        File.WriteAllText(path, $"#version: 0.2\nl o\n{new string('x', 1026)}\n");
        AssertRefused(path, () => ClipBpeTokenizer.Load(path), "line 3 has 1026 characters, and the longest that is read 1025");
    }

    [Fact]
    public void A_vocabulary_without_end_is_refused()
    {
        var path = _folder.File("vocab.txt");
        using (var file = File.Create(path))
        {
            file.SetLength((64L << 20) + 1); // sparse
        }

        AssertRefused(path, () => WordPieceTokenizer.Load(path), "has 67108865 bytes");
        File.WriteAllText(path, new StringBuilder("[UNK]\n").Insert(6, "\n", 1 << 20).ToString());
        AssertRefused(path, () => WordPieceTokenizer.Load(path), "has more than 1048576 lines");
        File.WriteAllText(path, "[UNK]\n" + new string('a', 513));
        AssertRefused(path, () => WordPieceTokenizer.Load(path), "line 2 has 513 characters");
    }

    [Fact]
    public void A_description_without_end_is_refused()
    {
        Save();
        File.WriteAllText(_folder.File("tokenizer_config.json"), "{}");
        File.WriteAllText(_folder.File("special_tokens_map.json"), "{}");
        File.WriteAllText(_folder.File("added_tokens.json"), "{}");
        foreach (var name in (string[])["tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.json"])
        {
            var path = _folder.File(name);
            File.Copy(path, _folder.File("kept"), overwrite: true);
            using (var file = File.OpenWrite(path))
            {
                file.SetLength((64L << 20) + 1);
            }

            AssertRefused(path, () => TokenizerFactory.Load(_folder.Path), "has 67108865 bytes");
            File.Copy(_folder.File("kept"), path, overwrite: true);
        }
    }

    [Fact]
    public void Values_without_end_are_refused_before_they_are_kept()
    {
        var path = _folder.File("tokenizer.json");
        var values = new byte[17 << 20];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = (byte)(i == 0 ? '[' : i % 2 == 0 ? ',' : '0');
        }

        values[^1] = (byte)']';
        File.WriteAllBytes(path, values);
        AssertRefused(path, () => TokenizerFactory.Load(_folder.Path), "has more than 8388608 values");
        File.WriteAllText(path, new string('[', 1 << 20));
        AssertRefused(path, () => TokenizerFactory.Load(_folder.Path), "cannot be read as a tokenizer");
    }

    [Theory]
    [InlineData(600, "has 600 characters, the most that are read are 512")]
    [InlineData(1 << 21, "has 2097152 characters, the most that are read are 512")]
    public void A_token_that_is_no_token_is_refused_by_its_length(int length, string expected)
    {
        Save();
        _folder.Change("tokenizer.json", file => file["model"]!["vocab"]![new string('x', length)] = 9);
        var path = _folder.File("tokenizer.json");
        Assert.True(AssertRefused(path, () => TokenizerFactory.Load(_folder.Path), expected).Length < 500);
    }

    [Fact]
    public void Added_tokens_without_end_are_refused()
    {
        Save();
        File.Delete(_folder.File("tokenizer_config.json"));
        void Refuses(int count, Func<int, string> content, string expected)
        {
            File.WriteAllText(_folder.File("added_tokens.json"), "{" + string.Join(',', Enumerable.Range(0, count).Select(i => $"\"{content(i)}\":{i + 3}")) + "}");
            AssertRefused(null, () => TokenizerFactory.Load(_folder.Path), expected);
        }

        Refuses(2, i => new string('x', 129) + i, "has 130 characters, the most that are read are 128");
        Refuses(17_000, i => $"{i:D5}{new string('x', 120)}", "the added tokens have 2125000 characters, the most that are read are 2097152");
        Refuses((1 << 17) + 1, i => $"<{i}>", "has 131073 added tokens, the most that are read are 131072");
    }

    [Fact]
    public void As_many_added_tokens_and_markers_as_are_published_are_read_in_moments()
    {
        Save();
        File.WriteAllText(
            _folder.File("added_tokens.json"), "{" + string.Join(',', Enumerable.Range(0, 65_536).Select(i => $"\"<|s_{i}|>\":{i + 3}")) + "}");
        File.WriteAllText(
            _folder.File("special_tokens_map.json"),
            "{\"additional_special_tokens\":[" + string.Join(',', Enumerable.Range(0, 65_536).Select(i => $"\"<|s_{i}|>\"")) + "]}");
        File.Delete(_folder.File("tokenizer_config.json"));
        var clock = Stopwatch.StartNew();
        Assert.Equal([2, 65_538], TokenizerFactory.Load(_folder.Path).Encode("a<|s_65535|>"));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(10), clock.Elapsed.ToString());
    }

    [Theory]
    [InlineData("""{"[PAD]":0,"[UNK]":1,"a":2147483648}""", "expected an integer")]
    [InlineData("""{"[PAD]":0,"[UNK]":1,"a":2147483647}""", "token 'a' has 2147483647")]
    [InlineData("""{"[PAD]":0,"[UNK]":1,"a":1}""", "the ids are not 0 to 2")]
    [InlineData("""{"[PAD]":0,"[UNK]":1,"a":2,"a":3}""", "cannot be read as a tokenizer")]
    public void Ids_that_no_vocabulary_has_are_refused(string vocabulary, string expected)
    {
        Save();
        var text = File.ReadAllText(_folder.File("tokenizer.json"));
        File.WriteAllText(_folder.File("tokenizer.json"), text.Replace("""{"[PAD]":0,"[UNK]":1,"a":2}""", vocabulary, StringComparison.Ordinal));
        AssertRefused(_folder.File("tokenizer.json"), () => TokenizerFactory.Load(_folder.Path), expected);
    }

    [Fact]
    public void A_token_that_is_listed_twice_beside_the_vocabulary_is_refused()
    {
        Save();
        File.Delete(_folder.File("tokenizer_config.json"));
        File.WriteAllText(_folder.File("added_tokens.json"), """{"<x>":3,"<x>":3}""");
        AssertRefused(_folder.File("added_tokens.json"), () => TokenizerFactory.Load(_folder.Path), "the token \"<x>\" is there twice");
        File.WriteAllText(_folder.File("added_tokens.json"), """{"\ud800":3}""");
        AssertRefused(_folder.File("added_tokens.json"), () => TokenizerFactory.Load(_folder.Path), "holds text that is no Unicode");
    }

    [Fact]
    public void A_first_piece_with_a_byte_order_mark_keeps_it()
    {
        var tokenizer = new WordPieceTokenizer(["\uFEFFb", "[UNK]", "b", "a"]);
        Assert.Equal([2, 3], tokenizer.Encode("b a"));
    }

    [Fact]
    public void A_pattern_of_a_file_is_compared_and_never_run()
    {
        Save();
        _folder.Change("tokenizer.json", file => file["pre_tokenizer"] = JsonNode.Parse("""{"type":"Split","pattern":{"Regex":"(a+)+$"},"behavior":"Isolated"}"""));
        AssertRefused(_folder.File("tokenizer.json"), () => TokenizerFactory.Load(_folder.Path), "pre_tokenizer.type is \"Split\"");
    }

    [Theory]
    [InlineData(WordPieceVariant.Bert)]
    [InlineData(WordPieceVariant.TfText)]
    public void Marks_between_which_letters_are_deleted_take_moments(WordPieceVariant variant)
    {
        // Thirty at a time are let through; a letter that is deleted later would bring them together.
        var marks = new StringBuilder().Insert(0, "\u0315\u0300", 15).Append('\u200d').ToString();
        var text = "a" + new StringBuilder().Insert(0, marks, 1 << 11);
        var clock = Stopwatch.StartNew();
        Assert.Equal([2], new WordPieceTokenizer(["[PAD]", "[UNK]", "a"], variant).Encode(text));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2), clock.Elapsed.ToString());
    }

    [Theory]
    [InlineData("lower ")]
    [InlineData("<|endoftext|>")]
    [InlineData("&amp;")]
    [InlineData("&ofnonamethatthereisinanystandard")]
    [InlineData("\uFDFA")]
    [InlineData("\u03a3'")]
    [InlineData("x")]
    public void A_long_text_fills_a_row_in_moments_and_one_above_the_limit_is_refused(string unit)
    {
        File.WriteAllText(_folder.File("m.txt"), "#version: 0.2\nl o\nlo w\ne r</w>\n");
        var clip = ClipBpeTokenizer.Load(_folder.File("m.txt"));
        ITokenizer[] tokenizers = [clip, clip.With(ClipMarkers.HuggingFace, TextCleaning.Whitespace), new WordPieceTokenizer(["[PAD]", "[UNK]", "a"], WordPieceVariant.TfText)];
        var text = new StringBuilder().Insert(0, unit, (1 << 15) / unit.Length).ToString();
        foreach (var tokenizer in tokenizers)
        {
            var row = new int[77];
            var clock = Stopwatch.StartNew();
            Assert.InRange(tokenizer.EncodeRow(text, row), 1, 77);
            Assert.True(clock.Elapsed < TimeSpan.FromSeconds(4), $"{tokenizer.GetType().Name}: {clock.Elapsed}");
            var error = Assert.Throws<ConfigException>(() => tokenizer.EncodeRow(new string('x', TokenizerLimits.TextLength + 1), row));
            Assert.Contains("and the longest that is tokenized 4194304", error.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_row_that_is_full_early_is_the_beginning_of_all_ids()
    {
        File.WriteAllText(_folder.File("m.txt"), "#version: 0.2\nl o\nlo w\ne r</w>\n");
        var open = ClipBpeTokenizer.Load(_folder.File("m.txt"));
        foreach (var tokenizer in (ClipBpeTokenizer[])[open, open.With(ClipMarkers.HuggingFace, TextCleaning.Lower)])
        {
            const string Text = "lower <|endoftext|> low lower, it's low &amp; 12 <|startoftext|> lowest";
            var all = tokenizer.Encode(Text);
            for (var length = 2; length < all.Count + 4; length++)
            {
                var row = new int[length];
                var valid = tokenizer.EncodeRow(Text, row);
                Assert.Equal(Math.Min(length, all.Count + 2), valid);
                Assert.Equal(all.Take(valid - 2), row.Skip(1).Take(valid - 2));
            }
        }
    }

    private static string AssertRefused(string? path, Func<ITokenizer> load, string expected)
    {
        var error = Assert.Throws<VocabularyException>(load);
        Assert.True(error.Message.Contains(expected, StringComparison.Ordinal), error.Message);
        Assert.Contains(path ?? string.Empty, error.Message, StringComparison.Ordinal);
        return error.Message;
    }

    private void Save() => new WordPieceTokenizer(["[PAD]", "[UNK]", "a"]).Save(_folder.Path);
}
