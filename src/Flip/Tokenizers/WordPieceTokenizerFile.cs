using System.Text.Json.Nodes;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>
/// WordPiece in a <c>tokenizer.json</c>. Nothing is added to a row, as in FLIP: a file that is read may ask for [CLS] and [SEP], and
/// a file that is written does not. Hugging Face's steps are near google-research/bert's and not the same: a capital sigma that ends a
/// word becomes σ and not ς, and private-use characters are dropped. The steps of TensorFlow Text do not exist there at all; what is written
/// for <see cref="WordPieceVariant.TfText"/> comes near them and differs where the Unicode tables do and for words of more than 100 bytes
/// in fewer than 100 characters.
/// </summary>
internal static class WordPieceTokenizerFile
{
    /// <summary>Markers of BERT, which its published files name. A text seldom holds one; there they cut it, and here they are text.</summary>
    private static readonly string[] Markers = [WordPieceTokenizer.Padding, WordPieceTokenizer.Unknown, "[CLS]", "[SEP]", "[MASK]"];

    private static readonly JsonNode BertNormalizer = JsonNode.Parse(
        """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"lowercase":true,"strip_accents":true}""")!;

    /// <summary>Where nothing is said of accents, they go with the upper case.</summary>
    private static readonly JsonNode PublishedNormalizer = JsonNode.Parse(
        """{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"lowercase":true,"strip_accents":null}""")!;

    /// <summary>The library's, where the file does not say.</summary>
    private const int DefaultLongestWord = 100;

    private static readonly JsonNode BertPreTokenizer = JsonNode.Parse("""{"type":"BertPreTokenizer"}""")!;

    /// <summary>NFKC_Casefold in decomposed form, accents dropped, control characters made blanks.</summary>
    private static readonly JsonNode NearTfTextNormalizer = Sequence(
        "normalizers",
        new JsonObject { ["type"] = "NFKD" },
        Replace(@"\p{Default_Ignorable_Code_Point}", string.Empty),
        Replace("\u0345", "ι"),
        Replace("[ßẞ]", "ss"),
        new JsonObject { ["type"] = "Lowercase" },
        Replace("ς", "σ"),
        new JsonObject { ["type"] = "NFKD" },
        Replace(@"\p{Mn}", string.Empty),
        Replace(@"[\p{Cc}\p{Cf}]", " "));

    /// <summary>Cuts out ideographs (<see cref="WordPieceText"/> has the same ranges), cuts at blanks and around punctuation.</summary>
    private static readonly JsonNode NearTfTextPreTokenizer = Sequence(
        "pretokenizers",
        Split(
            "[\u4E00-\u9FFF\u3400-\u4DBF\U00020000-\U0002A6DF\U0002A700-\U0002B73F\U0002B740-\U0002B81F\U0002B820-\U0002CEAF\uF900-\uFAFF\U0002F800-\U0002FA1F]",
            "Isolated"),
        Split(" ", "Removed"),
        new JsonObject { ["type"] = "Punctuation", ["behavior"] = "Isolated" });

    public static WordPieceTokenizer Read(TokenizerPart file, TokenizerPart model, WordPieceVariant variant)
    {
        if (variant == WordPieceVariant.TfText)
        {
            TokenizerPart.Require(file, "normalizer", NearTfTextNormalizer);
            TokenizerPart.Require(file, "pre_tokenizer", NearTfTextPreTokenizer);
        }
        else
        {
            TokenizerPart.Require(file, "normalizer", BertNormalizer, PublishedNormalizer);
            TokenizerPart.Require(file, "pre_tokenizer", BertPreTokenizer);
        }

        model.RequireSetting("unk_token", WordPieceTokenizer.Unknown);
        model.RequireSetting("continuing_subword_prefix", WordPieceTokenizer.Continuing);
        var ids = model.Part("vocab").Ids();
        CheckAdded(file, ids);
        var pieces = BpeVocabulary.ByPlace(file.File, ids);
        if (WordPieceTokenizer.Problem(pieces) is { } problem)
        {
            throw new VocabularyException(file.File, problem);
        }

        return new WordPieceTokenizer(pieces, variant, LongestWord(model, variant));
    }

    public static void Save(string folder, WordPieceTokenizer tokenizer, IReadOnlyList<string> pieces) => TokenizerFile.Save(
        folder,
        [],
        new JsonObject
        {
            ["normalizer"] = (tokenizer.Variant == WordPieceVariant.TfText ? NearTfTextNormalizer : BertNormalizer).DeepClone(),
            ["pre_tokenizer"] = (tokenizer.Variant == WordPieceVariant.TfText ? NearTfTextPreTokenizer : BertPreTokenizer).DeepClone(),
            ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = WordPieceTokenizer.Continuing, ["cleanup"] = false },
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["unk_token"] = WordPieceTokenizer.Unknown,
                ["continuing_subword_prefix"] = WordPieceTokenizer.Continuing,
                ["max_input_chars_per_word"] = tokenizer.LongestWord,
                ["vocab"] = TokenizerFile.Ids(pieces),
            },
        });

    private static int LongestWord(TokenizerPart model, WordPieceVariant variant)
    {
        var longest = model.Find("max_input_chars_per_word")?.Number() ?? DefaultLongestWord;
        var (least, most) = variant == WordPieceVariant.TfText ? (WordPieceText.MaxBytes, WordPieceText.MaxBytes) : (1, WordPieceText.MaxCharacters);
        return longest >= least && longest <= most
            ? longest
            : throw new VocabularyException(model.File, $"model.max_input_chars_per_word is {longest}, supported are {least} to {most}");
    }

    private static void CheckAdded(TokenizerPart file, Dictionary<string, int> ids)
    {
        foreach (var added in file.Find("added_tokens")?.Items() ?? [])
        {
            var (text, id) = (added.Part("content").Text(), added.Part("id").Number());
            if (!Markers.Contains(text))
            {
                throw new VocabularyException(
                    file.File, $"gives other ids than ours: it cuts texts at {TokenizerPart.Quoted(text)} (added_tokens), expected are {string.Join(", ", Markers)}");
            }

            if (!ids.TryAdd(text, id) && ids[text] != id)
            {
                throw new VocabularyException(file.File, $"the token '{text}' has two ids: {ids[text]} in model.vocab, {id} in added_tokens");
            }
        }
    }

    private static JsonObject Sequence(string name, params JsonNode[] steps) => new() { ["type"] = "Sequence", [name] = new JsonArray(steps) };

    private static JsonObject Replace(string pattern, string by) =>
        new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["content"] = by };

    private static JsonObject Split(string pattern, string behavior) => new()
    {
        ["type"] = "Split",
        ["pattern"] = new JsonObject { ["Regex"] = pattern },
        ["behavior"] = behavior,
        ["invert"] = false,
    };
}
