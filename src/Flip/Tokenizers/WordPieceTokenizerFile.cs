using System.Text.Json.Nodes;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>
/// WordPiece in a <c>tokenizer.json</c>. By itself a file does not put markers around a text, as in FLIP: that it asks for [CLS] and [SEP]
/// counts where the model's format is Hugging Face's or open_clip's, or a description of ours says so. Hugging Face's steps are near google-research/bert's and not the same: a capital sigma that ends a
/// word becomes σ and not ς, and private-use characters are dropped. The steps of TensorFlow Text do not exist there at all; what is written
/// for <see cref="WordPieceVariant.TfText"/> comes near them and differs where the Unicode tables do and for words of more than 100 bytes
/// in fewer than 100 characters.
/// </summary>
internal static class WordPieceTokenizerFile
{
    /// <summary>What every file of BERT's does to a text; case, accents and ideographs are read.</summary>
    private static readonly JsonNode BertNormalizer = JsonNode.Parse("""{"type":"BertNormalizer","clean_text":true}""")!;

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

    /// <summary>The tokenizer of a file and of what lies beside it.</summary>
    public static WordPieceTokenizer Read(
        TokenizerPart file, TokenizerPart model, WordPieceVariant variant, DeclaredTokens declared, TokenizerDescription? description)
    {
        var rules = Described(WordPieceRules.Of(variant), description);
        if (variant == WordPieceVariant.TfText)
        {
            // A file of BERT's has the vocabulary; the variant says how its texts are normalized instead.
            TokenizerPart.Require(file, "normalizer", NearTfTextNormalizer, BertNormalizer);
            TokenizerPart.Require(file, "pre_tokenizer", NearTfTextPreTokenizer, BertPreTokenizer);
        }
        else
        {
            TokenizerPart.Require(file, "normalizer", BertNormalizer);
            TokenizerPart.Require(file, "pre_tokenizer", BertPreTokenizer);
            rules = Normalized(rules, file.Part("normalizer")) with { LongestWord = LongestWord(model) };
            rules = description is { IsBert: true } ? Cased(rules, description) : rules;
        }

        model.RequireSetting("continuing_subword_prefix", WordPieceTokenizer.Continuing);
        var ids = model.Part("vocab").Ids();
        var vocabulary = Vocabulary(BpeVocabulary.ByPlace(file.File, ids), declared, model.Find("unk_token")?.Text());
        return WordPieceTokenizer.Create(file.File, vocabulary with { Added = declared.Join(file.File, TokenizerFile.Added(file), ids) }, rules);
    }

    /// <summary>The tokenizer of a vocabulary file and of what lies beside it.</summary>
    public static WordPieceTokenizer Read(string path, WordPieceVariant variant, TokenizerDescription? description)
    {
        var declared = DeclaredTokens.Read(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var vocabulary = Vocabulary(WordPieceTokenizer.ReadPieces(path), declared, unknown: null);
        if (vocabulary.Problem(WordPieceMarkers.None) is { } problem)
        {
            throw new VocabularyException(path, problem);
        }

        var rules = Described(WordPieceRules.Of(variant), description);
        if (description is { IsBert: true } && variant == WordPieceVariant.Bert)
        {
            rules = Cased(rules, description) with { LongestWord = DefaultLongestWord };
        }

        var ids = vocabulary.Pieces.Select((piece, id) => (piece, id)).ToDictionary(pair => pair.piece, pair => pair.id, StringComparer.Ordinal);
        var markers = vocabulary.Markers.Where(ids.ContainsKey).Select(marker => new AddedToken(marker, ids[marker]) { Special = true, Normalized = false });
        return WordPieceTokenizer.Create(path, vocabulary with { Added = declared.Join(path, [.. markers], ids) }, rules);
    }

    /// <summary>Writes <c>tokenizer.json</c>.</summary>
    public static void Save(string folder, WordPieceTokenizer tokenizer)
    {
        var (rules, vocabulary) = (tokenizer.Rules, tokenizer.Vocabulary);
        var tfText = rules.Variant == WordPieceVariant.TfText;
        var steps = new JsonObject
        {
            ["normalizer"] = tfText ? NearTfTextNormalizer.DeepClone() : Normalizer(rules),
            ["pre_tokenizer"] = (tfText ? NearTfTextPreTokenizer : BertPreTokenizer).DeepClone(),
            ["decoder"] = new JsonObject { ["type"] = "WordPiece", ["prefix"] = WordPieceTokenizer.Continuing, ["cleanup"] = false },
            ["model"] = new JsonObject
            {
                ["type"] = "WordPiece",
                ["unk_token"] = vocabulary.Unknown,
                ["continuing_subword_prefix"] = WordPieceTokenizer.Continuing,
                ["max_input_chars_per_word"] = rules.LongestWord,
                ["vocab"] = TokenizerFile.Ids(vocabulary.Pieces),
            },
        };
        if (rules.Markers != WordPieceMarkers.None)
        {
            steps["post_processor"] = Template(vocabulary);
        }

        TokenizerFile.Save(folder, Written(tokenizer), steps);
    }

    /// <summary>Writes <c>tokenizer_config.json</c>.</summary>
    public static void Describe(string folder, WordPieceTokenizer tokenizer, int? contextLength)
    {
        var (rules, vocabulary) = (tokenizer.Rules, tokenizer.Vocabulary);
        var marked = rules.Markers != WordPieceMarkers.None;
        var description = new TokenizerDescription
        {
            TokenizerClass = TokenizerDescription.AnyFast,
            DoLowerCase = rules.LowerCase,
            WordPieceVariant = rules.Variant,
            WordPieceMarkers = marked ? rules.Markers : null,
            TextCleaning = rules.Cleaning == TextCleaning.None ? null : rules.Cleaning,
        };
        var others = new JsonObject
        {
            ["unk_token"] = vocabulary.Unknown,
            ["pad_token"] = tokenizer.PaddingToken,
        };
        if (marked)
        {
            (others["cls_token"], others["sep_token"]) = (vocabulary.Cls, vocabulary.Sep);
        }

        // "[PAD]" written in a caption is text where rows have no markers, as in google-research/bert, and not the marker.
        others["split_special_tokens"] = !marked || rules.SplitSpecialTokens;
        others["model_input_names"] = new JsonArray("input_ids", "attention_mask");
        if (Written(tokenizer) is { Count: > 0 } added)
        {
            others[DeclaredTokens.Decoder] = TokenizerFile.Decoder(added);
        }

        description.Save(folder, others, contextLength);
    }

    /// <summary>Whether Hugging Face puts [CLS] and [SEP] around a text with the tokenizer of a folder.</summary>
    public static bool HasMarkers(string folder, TokenizerDescription? description)
    {
        var path = Path.Combine(folder, TokenizerFile.FileName);
        return File.Exists(path) ? TokenizerFile.HasPostProcessor(path) : description is null or { IsBert: true };
    }

    /// <summary>
    /// The added tokens as other readers are to see them. Where markers are text, special tokens are split there, so what is cut
    /// out all the same may not be called special.
    /// </summary>
    private static List<AddedToken> Written(WordPieceTokenizer tokenizer) => tokenizer.Markers != WordPieceMarkers.None
        ? [.. tokenizer.Vocabulary.Added]
        : [.. tokenizer.Vocabulary.Added
            .Where(token => !tokenizer.Vocabulary.Markers.Contains(token.Content))
            .Select(token => token with { Special = token.Special && tokenizer.Rules.SplitSpecialTokens })];

    private static WordPieceVocabulary Vocabulary(IReadOnlyList<string> pieces, DeclaredTokens declared, string? unknown)
    {
        var bert = new WordPieceVocabulary(pieces);
        return bert with
        {
            Unknown = unknown ?? declared.Role("unk_token") ?? bert.Unknown,
            Padding = declared.Role("pad_token") ?? bert.Padding,
            Cls = declared.Role("cls_token") ?? bert.Cls,
            Sep = declared.Role("sep_token") ?? bert.Sep,
        };
    }

    private static WordPieceRules Described(WordPieceRules rules, TokenizerDescription? description) => rules with
    {
        Markers = description?.WordPieceMarkers ?? WordPieceMarkers.None,
        Cleaning = description?.TextCleaning ?? TextCleaning.None,
        SplitSpecialTokens = description?.SplitSpecialTokens == true,
    };

    /// <summary>What the description of a BERT class says of case: it comes before the file's.</summary>
    private static WordPieceRules Cased(WordPieceRules rules, TokenizerDescription description)
    {
        var lowerCase = description.DoLowerCase ?? rules.LowerCase;
        return rules with
        {
            LowerCase = lowerCase,
            StripAccents = description.StripAccents ?? (description.DoLowerCase is null ? rules.StripAccents : lowerCase),
            SeparateIdeographs = description.TokenizeChineseChars ?? rules.SeparateIdeographs,
        };
    }

    /// <summary>Where nothing is said of accents, they go with the upper case.</summary>
    private static WordPieceRules Normalized(WordPieceRules rules, TokenizerPart normalizer)
    {
        var lowerCase = normalizer.Find("lowercase")?.Boolean() ?? true;
        return rules with
        {
            LowerCase = lowerCase,
            StripAccents = normalizer.Find("strip_accents")?.Boolean() ?? lowerCase,
            SeparateIdeographs = normalizer.Find("handle_chinese_chars")?.Boolean() ?? true,
        };
    }

    private static JsonObject Normalizer(WordPieceRules rules)
    {
        var normalizer = BertNormalizer.DeepClone().AsObject();
        normalizer["handle_chinese_chars"] = rules.SeparateIdeographs;
        normalizer["lowercase"] = rules.LowerCase;
        normalizer["strip_accents"] = rules.StripAccents;
        return normalizer;
    }

    /// <summary>A row between the markers.</summary>
    private static JsonObject Template(WordPieceVocabulary vocabulary)
    {
        static JsonObject Marker(string token) => new() { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = 0 } };

        static JsonObject Text(string name, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = name, ["type_id"] = type } };

        JsonObject Token(string token) => new()
        {
            ["id"] = token,
            ["ids"] = new JsonArray(vocabulary.IdOf(token)),
            ["tokens"] = new JsonArray(token),
        };

        var (cls, sep) = (vocabulary.Cls, vocabulary.Sep);
        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(Marker(cls), Text("A", 0), Marker(sep)),
            ["pair"] = new JsonArray(Marker(cls), Text("A", 0), Marker(sep), Text("B", 1), Marker(sep)),
            ["special_tokens"] = new JsonObject { [cls] = Token(cls), [sep] = Token(sep) },
        };
    }

    private static int LongestWord(TokenizerPart model)
    {
        var longest = model.Find("max_input_chars_per_word")?.Number() ?? DefaultLongestWord;
        return longest is >= 1 and <= WordPieceText.MaxCharacters
            ? longest
            : throw new VocabularyException(model.File, $"model.max_input_chars_per_word is {longest}, supported are 1 to {WordPieceText.MaxCharacters}");
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
