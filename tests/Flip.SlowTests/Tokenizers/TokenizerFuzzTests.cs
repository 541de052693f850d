using System.IO.Compression;
using System.Text;
using Flip.Config;
using Flip.Randomness;
using Flip.Tests;
using Flip.Tokenizers;

namespace Flip.SlowTests.Tokenizers;

/// <summary>
/// Ten thousand damaged tokenizers: whatever is in their files, one opens, and then gives ids of its vocabulary and is written and read again, or an
/// exception for the user says what is wrong and in which file.
/// </summary>
public sealed class TokenizerFuzzTests : IDisposable
{
    private const int Files = 10_000;
    private const string Text = "Lower a dogs, İt's <x> [PAD] <|endoftext|> &amp; ﬁ 12";

    private static readonly byte[][] Pieces =
    [
        .. ((string[])
        [
            "null", "true", "-1", "0", "1", "2", "3", "514", "2147483647", "2147483648", "1e3", "0.5", "\"\"", "\"a\"", "\"\\ud800\"", "[]", "{}", "[[]]", "{\"\":0}",
            "\"[UNK]\"", "\"[PAD]\"", "\"<x>\"", "\"</w>\"", "##", "</w>", "\n", "\r", "\0", "\u2028", "\uFEFF", "é", " ", ",", ":", "\"", "\\u0000", "\\n", "\"id\":3,", "\"a\":0,",
            "\"content\":\"\",", "\"lstrip\":true,", "\"single_word\":true,", "\"special\":true,", "\"normalized\":false,", "\"split_special_tokens\":true,",
            "\"wordPieceMarkers\":\"clsSep\",", "\"clip_markers\":7,", "\"text_cleaning\":\"canonicalize\",", "\"tokenizer_class\":\"CLIPTokenizer\",",
        ]).Select(Encoding.UTF8.GetBytes),
    ];

    private readonly TemporaryFolder _folder = TemporaryFolder.InMemory();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Damaged_tokenizers_are_read_or_refused()
    {
        var outcome = new Dictionary<string, (int Read, int Refused)>();
        var samples = Samples();
        foreach (var (number, (kind, files, damaged)) in samples.Index())
        {
            var folder = Path.Combine(_folder.Path, $"sample{number}");
            Directory.CreateDirectory(folder);
            foreach (var (name, bytes) in files)
            {
                File.WriteAllBytes(Path.Combine(folder, name), bytes);
            }

            Assert.True(Read(kind, folder, "undamaged"), kind);
            var read = 0;
            for (var i = 0; i < Files / samples.Count; i++)
            {
                var random = new CounterRandom(23, RandomPurpose.Evaluation, number, i);
                var path = Path.Combine(folder, damaged);
                File.WriteAllBytes(path, Damaged(files[damaged], ref random));
                read += Read(kind, folder, $"file {i}") ? 1 : 0;
            }

            outcome.Add(kind, (read, (Files / samples.Count) - read));
        }

        // Neither may everything be refused for a trifle, nor everything be let through.
        Assert.All(outcome, pair => Assert.True(pair.Value is { Read: > 10, Refused: > 100 }, $"{pair.Key}: {pair.Value}"));
        Assert.InRange(outcome.Sum(pair => pair.Value.Read + pair.Value.Refused), Files - samples.Count, Files);
    }

    /// <summary>Tokenizers as small as they can be, and which of their files is damaged.</summary>
    private List<(string Kind, Dictionary<string, byte[]> Files, string Damaged)> Samples()
    {
        var path = Path.Combine(_folder.Path, "m.txt");
        File.WriteAllText(path, "#version: 0.2\nl o\nlo w\ne r</w>\n");
        var clip = Saved(ClipBpeTokenizer.Load(path).With(ClipMarkers.HuggingFace, TextCleaning.Whitespace));
        var bert = Saved(new WordPieceTokenizer(["[PAD]", "[UNK]", "[CLS]", "[SEP]", "a", "dog", "##s"]).With(WordPieceMarkers.ClsSep, TextCleaning.Lower));
        using var packed = new MemoryStream();
        using (var gzip = new GZipStream(packed, CompressionLevel.Fastest))
        {
            gzip.Write(File.ReadAllBytes(path));
        }

        var old = new Dictionary<string, byte[]> { ["added_tokens.json"] = "{\"<x>\":7,\"<y>\":8}"u8.ToArray(), ["vocab.txt"] = bert["vocab.txt"] };
        old["special_tokens_map.json"] = """{"unk_token":{"content":"[UNK]","lstrip":false},"pad_token":"[PAD]","additional_special_tokens":["<x>","<z>"]}"""u8.ToArray();
        string[] lists = ["vocab.json", "merges.txt", "tokenizer_config.json"];
        var listed = clip.Where(file => lists.Contains(file.Key)).ToDictionary();
        return
        [
            ("BPE tokenizer.json", clip, "tokenizer.json"),
            ("WordPiece tokenizer.json", bert, "tokenizer.json"),
            ("vocab.json", listed, "vocab.json"),
            ("merges.txt", listed, "merges.txt"),
            ("gzip", new() { ["bpe.txt.gz"] = packed.ToArray() }, "bpe.txt.gz"),
            ("list of merges", new() { ["bpe.txt"] = File.ReadAllBytes(path) }, "bpe.txt"),
            ("vocab.txt", new() { ["vocab.txt"] = bert["vocab.txt"] }, "vocab.txt"),
            ("CLIP's description", clip, "tokenizer_config.json"),
            ("WordPiece's description", bert, "tokenizer_config.json"),
            ("special_tokens_map.json", old, "special_tokens_map.json"),
            ("added_tokens.json", old, "added_tokens.json"),
            ("SentencePiece", new() { ["spiece.model"] = File.ReadAllBytes(SharedData.Golden("sentencepiece/bpe.model")) }, "spiece.model"),
        ];
    }

    private Dictionary<string, byte[]> Saved(ITokenizer tokenizer)
    {
        var folder = Directory.CreateDirectory(Path.Combine(_folder.Path, "saved-" + tokenizer.GetType().Name)).FullName;
        tokenizer.Save(folder, 77);
        return Directory.EnumerateFiles(folder).ToDictionary(file => Path.GetFileName(file), File.ReadAllBytes);
    }

    /// <summary>Opens and uses one; false where it was refused as it should be.</summary>
    private static bool Read(string kind, string folder, string damage)
    {
        try
        {
            var lists = Directory.GetFiles(folder, "bpe*");
            var tokenizer = lists.Length > 0 ? ClipBpeTokenizer.Load(lists[0]) : TokenizerFactory.Load(folder);
            var row = new int[16];
            Assert.InRange(tokenizer.EncodeRow(Text, row), 1, row.Length);
            Assert.All(tokenizer.Encode(Text).Concat(row), id => Assert.InRange(id, 0, tokenizer.VocabularySize - 1));
            Assert.NotNull(tokenizer.Decode(row));
            return true;
        }
        catch (Exception e) when (e is VocabularyException or ConfigException)
        {
            Assert.Contains(folder, e.Message, StringComparison.Ordinal);
            Assert.True(e.Message.Length < 1000, e.Message);
            return false;
        }
        catch (Exception e) when (e is not Xunit.Sdk.IAssertionException)
        {
            throw new InvalidOperationException($"{kind}, {damage}: {e.GetType()}: {e.Message}", e);
        }
    }

    private static byte[] Damaged(byte[] whole, ref CounterRandom random)
    {
        var bytes = whole.ToArray();
        for (var changes = 1 + random.NextInt(3); changes > 0 && bytes.Length > 0; changes--)
        {
            var at = random.NextInt(bytes.Length);
            bytes = random.NextInt(10) switch
            {
                0 => bytes[..at],
                1 => [.. bytes[..at], (byte)random.NextInt(256), .. bytes[at..]],
                2 => [.. bytes[..at], .. Stretch(whole, ref random), .. bytes[at..]],
                3 => [.. bytes[..at], .. bytes[Math.Min(bytes.Length, at + 1 + random.NextInt(8))..]],
                4 => Replaced(bytes, at, ref random),
                5 or 6 => Spaced(bytes, at),
                _ => [.. bytes[..at], .. Pieces[random.NextInt(Pieces.Length)], .. bytes[at..]],
            };
        }

        return bytes;
    }

    /// <summary>A value between two signs of JSON, or a line, becomes another.</summary>
    private static byte[] Replaced(byte[] bytes, int at, ref CounterRandom random)
    {
        var start = bytes.AsSpan(0, at).LastIndexOfAny("{[,:\n"u8) + 1;
        var length = bytes.AsSpan(start).IndexOfAny("}],:\n"u8);
        return [.. bytes[..start], .. Pieces[random.NextInt(Pieces.Length)], .. bytes[(length < 0 ? bytes.Length : start + length)..]];
    }

    /// <summary>White space where it may be: behind a sign of JSON, or a blank line.</summary>
    private static byte[] Spaced(byte[] bytes, int at)
    {
        var place = at + bytes.AsSpan(at).IndexOfAny("{[,:\n"u8) + 1;
        return [.. bytes[..place], (byte)'\n', .. bytes[place..]];
    }

    private static byte[] Stretch(byte[] whole, ref CounterRandom random)
    {
        var start = random.NextInt(whole.Length);
        return whole[start..Math.Min(whole.Length, start + 1 + random.NextInt(64))];
    }
}
