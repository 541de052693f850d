using System.Diagnostics;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Tokenizers;
using Google.Protobuf;

namespace Flip.Tests.Tokenizers;

/// <summary>SentencePiece's file and its form in <c>tokenizer.json</c>: the same ids from both, damaged and hostile ones refused.</summary>
public sealed class SentencePieceFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("unigram")]
    [InlineData("bpe")]
    public void A_tokenizer_json_gives_the_ids_of_the_model_that_it_was_made_of(string name)
    {
        SaveJson(name);
        File.WriteAllText(_folder.File("tokenizer_config.json"), """{ "tokenizer_class": "PreTrainedTokenizerFast", "do_lower_case": false }""");
        var json = Assert.IsType<SentencePieceTokenizer>(TokenizerFactory.Load(_folder.Path));
        var model = OfBytes(File.ReadAllBytes(Golden(name)));
        Assert.Equal((model.VocabularySize, model.EndOfTextId), (json.VocabularySize, json.EndOfTextId));
        using var golden = JsonDocument.Parse(File.ReadAllText(SharedData.Golden("sentencepiece/golden.json")));
        Assert.All(golden.RootElement.GetProperty("texts").EnumerateArray().Select(text => text.GetString()!), text =>
            Assert.Equal((text, string.Join(' ', model.Encode(text))), (text, string.Join(' ', json.Encode(text)))));
    }

    [Theory]
    [InlineData("unigram")]
    [InlineData("bpe")]
    public void It_is_saved_and_read_back(string name)
    {
        SaveJson(name);
        var json = TokenizerFactory.Load(_folder.Path);
        json.Save(_folder.File("saved"));
        var back = Assert.IsType<SentencePieceTokenizer>(TokenizerFactory.Load(_folder.File("saved")));
        Assert.Equal(json.Encode("A photo of 12 dogs 犬"), back.Encode("A photo of 12 dogs 犬"));
        Assert.Equal((json.PaddingId, json.EndOfTextId), (back.PaddingId, back.EndOfTextId));
        Assert.Equal(TokenizerKind.SentencePiece, TokenizerFactory.AsHuggingFace(new DataConfig(), _folder.Path).Tokenizer);
    }

    [Theory]
    [InlineData("unigram", "model.unk_id", "900", "one piece for what is unknown")]
    [InlineData("unigram", "model.vocab[5]", "[\"x\"]", "model.vocab[5] is no piece with its score")]
    [InlineData("unigram", "model.vocab[5][1]", "\"x\"", "expected a number")]
    [InlineData("unigram", "model.vocab[5][1]", "1e300", "expected a number")]
    [InlineData("unigram", "model.vocab[5][0]", "\"</s>\"", "is there twice")]
    [InlineData("unigram", "model.byte_fallback", "true", "byte_fallback is true")]
    [InlineData("unigram", "pre_tokenizer.type", "\"Whitespace\"", "not Metaspace")]
    [InlineData("unigram", "pre_tokenizer.prepend_scheme", "\"never\"", "a blank before the text")]
    [InlineData("unigram", "pre_tokenizer.replacement", "\"_\"", "replacement is \"_\"")]
    [InlineData("unigram", "normalizer.normalizers[0].precompiled_charsmap", "\"!\"", "expected base64")]
    [InlineData("unigram", "normalizer.normalizers[0].precompiled_charsmap", "\"AAAA\"", "map of characters is damaged")]
    [InlineData("unigram", "normalizer.normalizers[1].type", "\"NFD\"", "normalizers[1].type is \"NFD\"")]
    [InlineData("unigram", "post_processor.type", "\"ByteLevel\"", "puts other markers around a text")]
    [InlineData("unigram", "post_processor.single", "[]", "puts other markers around a text")]
    [InlineData("unigram", "post_processor.single[1].SpecialToken.id", "\"<end>\"", "has no piece \"<end>\"")]
    [InlineData("bpe", "model.merges[3]", "\"a\"", "model.merges[3] is no merge")]
    [InlineData("bpe", "model.merges[3]", "[\"zz\",\"qq\"]", "model.merges[3] is no merge")]
    [InlineData("bpe", "model.vocab.a", "5", "each once")]
    [InlineData("bpe", "model.vocab.a", "-5", "each once")]
    [InlineData("bpe", "model.unk_token", "\"no\"", "one piece for what is unknown")]
    [InlineData("bpe", "model.ignore_merges", "true", "ignore_merges is true")]
    [InlineData("bpe", "normalizer.content", "\"_\"", "content is \"_\"")]
    [InlineData("bpe", "pre_tokenizer.behavior", "\"Removed\"", "behavior is \"Removed\"")]
    [InlineData("bpe", "added_tokens[0].id", "77", "has the id of another piece")]
    public void What_gives_other_ids_is_refused(string name, string place, string value, string expected)
    {
        SaveJson(name);
        _folder.Change("tokenizer.json", file => Set(file, place, JsonNode.Parse(value)));
        var error = Assert.Throws<VocabularyException>(() => TokenizerFactory.Load(_folder.Path));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains("tokenizer.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_normalizer_that_lower_cases_is_read_too()
    {
        SaveJson("bpe");
        _folder.Change("tokenizer.json", file => file["normalizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["normalizers"] = new JsonArray(JsonNode.Parse("""{"type":"Lowercase"}"""), file["normalizer"]!.DeepClone()),
        });
        Assert.NotEmpty(TokenizerFactory.Load(_folder.Path).Encode("A dog"));
    }

    [Fact]
    public void A_model_of_another_kind_is_refused()
    {
        AssertRefused(Model([Piece("<unk>", type: 2)], trainer: message => Field(message, 3, 3)), "a SentencePiece model of words or letters");
        AssertRefused(Model([Piece("<unk>", type: 2)], normalizer: message => Field(message, 5, 0)), "escape_whitespaces is false");
        AssertRefused(Model([Piece("<unk>", type: 2)], trainer: message => Field(message, 24, 1)), "treat_whitespace_as_suffix");
        AssertRefused(
            Model([Piece("<unk>", type: 2), Piece("</s>", type: 3), Piece("a", type: 5)], trainer: message => Field(message, 3, 2)), "pieces that are not used");
        AssertRefused(Model([Piece("<unk>", type: 2), Piece("</s>", type: 3)], trainer: message => Field(message, 35, 1)), "has no piece for the byte 0");
    }

    [Fact]
    public void A_file_that_is_no_vocabulary_is_refused()
    {
        AssertRefused([], "no bytes");
        AssertRefused("PK\x03\x04 something"u8.ToArray(), "SentencePiece model");
        AssertRefused(Model([]), "one piece for what is unknown");
        AssertRefused(Model([Piece("<unk>", type: 2), Piece("<two>", type: 2)]), "one piece for what is unknown");
        AssertRefused(Model([Piece("<unk>", type: 2)]), "has no piece \"</s>\"");
        AssertRefused(Model([Piece("<unk>", type: 2), Piece(string.Empty)]), "piece 1 is empty");
        AssertRefused(Model([Piece("<unk>", type: 2), Piece("a"), Piece("a")]), "the piece \"a\" is there twice");
        AssertRefused(Model([Piece("<unk>", type: 2), Piece("a", type: 9)]), "a piece of the unknown type 9");
        AssertRefused(Model([Piece("<unk>", type: 2), Piece("a", score: float.NaN)]), "the piece \"a\" has no finite score");
        AssertRefused(Model([Piece("<unk>", type: 2), Piece(new string('x', 129))]), "has 129 characters, the most that are read are 128");
        AssertRefused(Model([Piece("<unk>", type: 2), Message(message => Bytes(message, 1, [0xC3, 0x28]))]), "is no SentencePiece model");
    }

    [Fact]
    public void A_vocabulary_without_end_is_refused_before_it_is_kept()
    {
        var content = new byte[2 * ((1 << 20) + 1)]; // empty pieces, of two bytes each
        for (var i = 0; i < content.Length; i += 2)
        {
            content[i] = 0x0A;
        }

        AssertRefused(content, "has more than 1048576 pieces");
        using (var file = File.Create(_folder.File("spiece.model")))
        {
            file.SetLength((64L << 20) + 1); // sparse
        }

        Assert.Contains("has 67108865 bytes", Assert.Throws<VocabularyException>(() => TokenizerFactory.Load(_folder.Path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_map_of_characters_cannot_make_a_text_without_end()
    {
        // A double array of one sequence, "a", whose text has 128 letters.
        var array = new uint[0x100];
        array[0] = 1u << 10; // the root's children are at 1 xor their letter
        array[1 ^ 'a'] = 'a' | (1u << 8) | ((uint)(1 ^ 'a' ^ 0x80) << 10); // it has a leaf, at 0x80
        array[0x80] = 1u << 31; // the text at 0
        AssertRefused(Model([Piece("<unk>", type: 2), Piece("</s>", type: 3)], Map(array, 129)), "makes a text of 129 bytes");
        var tokenizer = OfBytes(Model([Piece("<unk>", type: 2), Piece("</s>", type: 3), Piece("x")], Map(array, 128)));
        Assert.Equal(129, tokenizer.Encode("a").Count); // the blank before it, which is unknown
        var error = Assert.Throws<ConfigException>(() => tokenizer.Encode(new string('a', 1 << 17)));
        Assert.Contains("more than 8388608 characters", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unigram", 1)]
    [InlineData("bpe", 2)]
    public void The_longest_pieces_and_texts_take_moments(string kind, int type)
    {
        byte[][] pieces = [Piece("<unk>", type: 2), Piece("</s>", type: 3), Piece("<pad>", type: 3), .. Enumerable.Range(1, 128).Select(n => Piece(new string('a', n), -n))];
        var tokenizer = OfBytes(Model(pieces, trainer: message => Field(message, 3, type)));
        var clock = Stopwatch.StartNew();
        Assert.NotEmpty(tokenizer.Encode(new string('a', 1 << 15)));
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(20), $"{kind} {clock.Elapsed}");
        Assert.Contains("shorten it", Assert.Throws<ConfigException>(() => tokenizer.Encode(new string('a', TokenizerLimits.TextLength + 1))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("unigram", "spiece.model")]
    [InlineData("bpe", "spiece.model")]
    [InlineData("bpe", "tokenizer.json")]
    public void A_damaged_file_is_refused_or_still_tokenizes(string name, string file)
    {
        SaveJson(name);
        var whole = file == "spiece.model" ? File.ReadAllBytes(Golden(name)) : File.ReadAllBytes(_folder.File(file));
        var draw = new Random(5);
        var (refused, read) = (0, 0);
        for (var i = 0; i < (file == "tokenizer.json" ? 30 : 100); i++)
        {
            var damaged = draw.Next(4) == 0 ? whole[..draw.Next(whole.Length)] : [.. whole];
            for (var changes = draw.Next(1, 20); changes > 0 && damaged.Length > 0; changes--)
            {
                damaged[draw.Next(damaged.Length)] = (byte)draw.Next(256);
            }

            File.WriteAllBytes(_folder.File(file), damaged);
            try
            {
                var row = new int[16];
                Assert.InRange(TokenizerFactory.Load(_folder.Path).EncodeRow("a photo of a dog, 犬 ﬁne 12 <mask> 😀", row), 1, 16);
                read++;
            }
            catch (VocabularyException)
            {
                refused++;
            }
        }

        Assert.True(refused > 0, $"{refused} refused, {read} read");
    }

    private void SaveJson(string name) => SentencePieceJsonFile.Save(_folder.File("tokenizer.json"), Golden(name));

    private void AssertRefused(byte[] content, string expected)
    {
        var error = Assert.Throws<VocabularyException>(() => OfBytes(content));
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.True(error.Message.Length < 500);
    }

    private SentencePieceTokenizer OfBytes(byte[] content)
    {
        Directory.CreateDirectory(_folder.File("model"));
        File.WriteAllBytes(Path.Combine(_folder.File("model"), "spiece.model"), content);
        File.WriteAllText(Path.Combine(_folder.File("model"), "tokenizer_config.json"), """{ "tokenizer_class": "T5Tokenizer", "do_lower_case": false }""");
        return Assert.IsType<SentencePieceTokenizer>(TokenizerFactory.Load(_folder.File("model")));
    }

    private static string Golden(string name) => SharedData.Golden($"sentencepiece/{name}.model");

    private static void Set(JsonNode file, string place, JsonNode? value)
    {
        var steps = place.Replace("[", ".[", StringComparison.Ordinal).Split('.');
        var node = file;
        foreach (var step in steps[..^1])
        {
            node = step[0] == '[' ? node[int.Parse(step[1..^1], System.Globalization.CultureInfo.InvariantCulture)]! : node[step]!;
        }

        if (steps[^1][0] == '[')
        {
            node[int.Parse(steps[^1][1..^1], System.Globalization.CultureInfo.InvariantCulture)] = value;
        }
        else
        {
            node[steps[^1]] = value;
        }
    }

    private static byte[] Map(uint[] array, int letters)
    {
        using var map = new MemoryStream();
        map.Write(BitConverter.GetBytes(array.Length * sizeof(uint)));
        Array.ForEach(array, unit => map.Write(BitConverter.GetBytes(unit)));
        map.Write(Encoding.ASCII.GetBytes(new string('x', letters) + "\0"));
        return map.ToArray();
    }

    private static byte[] Model(IEnumerable<byte[]> pieces, byte[]? map = null, Action<CodedOutputStream>? trainer = null, Action<CodedOutputStream>? normalizer = null) => Message(message =>
    {
        foreach (var piece in pieces)
        {
            Bytes(message, 1, piece);
        }

        Bytes(message, 2, Message(trainer ?? (_ => { })));
        Bytes(message, 3, Message(inner =>
        {
            if (map is not null)
            {
                Bytes(inner, 2, map);
            }

            normalizer?.Invoke(inner);
        }));
    });

    private static byte[] Piece(string text, float score = 0, int type = 1) => Message(message =>
    {
        Bytes(message, 1, Encoding.UTF8.GetBytes(text));
        message.WriteTag(2, WireFormat.WireType.Fixed32);
        message.WriteFloat(score);
        Field(message, 3, type);
    });

    private static byte[] Message(Action<CodedOutputStream> write)
    {
        using var content = new MemoryStream();
        using (var message = new CodedOutputStream(content, leaveOpen: true))
        {
            write(message);
        }

        return content.ToArray();
    }

    private static void Field(CodedOutputStream message, int field, int value)
    {
        message.WriteTag(field, WireFormat.WireType.Varint);
        message.WriteInt32(value);
    }

    private static void Bytes(CodedOutputStream message, int field, byte[] value)
    {
        message.WriteTag(field, WireFormat.WireType.LengthDelimited);
        message.WriteBytes(ByteString.CopyFrom(value));
    }
}
