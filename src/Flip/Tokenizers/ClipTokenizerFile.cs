using System.Text.Json.Nodes;
using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>
/// CLIP's byte-pair encoding in a <c>tokenizer.json</c>, in the steps of Hugging Face's CLIPTokenizerFast. These know neither ftfy's
/// repairs nor HTML's character references, which CLIP's own tokenizer and ours resolve first: for a text with <c>&amp;amp;</c>, curly quotes,
/// ligatures or control characters Hugging Face's ids are others, for such a file as for the published ones. A row's rest is filled with the
/// end marker there and with 0 here; a model that reads the end marker's place and attends backwards sees neither.
/// </summary>
internal static class ClipTokenizerFile
{
    private const string Words = @"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+";

    /// <summary>The markers are found before, so naming them changes nothing.</summary>
    private const string WordsAndMarkers = @"<\|startoftext\|>|<\|endoftext\|>|" + Words;

    private static readonly JsonNode Normalizer = JsonNode.Parse(
        """{"type":"Sequence","normalizers":[{"type":"NFC"},{"type":"Replace","pattern":{"Regex":"\\s+"},"content":" "},{"type":"Lowercase"}]}""")!;

    /// <summary>The tokenizer of a file and of what lies beside it.</summary>
    public static ClipBpeTokenizer Read(TokenizerPart file, TokenizerPart model, DeclaredTokens declared, TokenizerDescription? description)
    {
        // First, for it tells GPT-2's and its descendants' files from CLIP's.
        if (model.Find("end_of_word_suffix")?.Text() is var suffix && suffix != BpeVocabulary.EndOfWord)
        {
            throw new VocabularyException(
                file.File, $"model.end_of_word_suffix is {TokenizerPart.Quoted(suffix)}, expected \"{BpeVocabulary.EndOfWord}\": this is not CLIP's byte-pair encoding");
        }

        TokenizerPart.Require(file, "normalizer", Normalizer);
        TokenizerPart.Require(file, "pre_tokenizer", PreTokenizer(Words), PreTokenizer(WordsAndMarkers));
        model.RequireSetting("dropout", 0);
        model.RequireSetting("continuing_subword_prefix", string.Empty);
        model.RequireSetting("byte_fallback", false);
        model.RequireSetting("ignore_merges", false);
        var ids = model.Part("vocab").Ids();
        var added = declared.Join(file.File, TokenizerFile.Added(file), ids);
        var vocabulary = BpeVocabulary.Create(file.File, Merges(model), ids);
        TokenizerPart.Require(file, "post_processor", PostProcessor(vocabulary), Template(vocabulary));
        return new ClipBpeTokenizer(vocabulary, added, Rules(description));
    }

    /// <summary>The tokenizer of a folder's <c>vocab.json</c> and <c>merges.txt</c>, and of what lies beside them.</summary>
    public static ClipBpeTokenizer Read(string folder, TokenizerDescription? description)
    {
        var vocabulary = BpeVocabulary.Load(folder);
        var ids = vocabulary.Ids();
        var added = DeclaredTokens.Read(folder).Join(Path.Combine(folder, BpeVocabulary.TokensFile), Markers(vocabulary), ids);
        return new ClipBpeTokenizer(ids.Count > vocabulary.Tokens.Count ? vocabulary.With(ids) : vocabulary, added, Rules(description));
    }

    /// <summary>The two markers as published files have them.</summary>
    public static IReadOnlyList<AddedToken> Markers(BpeVocabulary vocabulary) =>
    [
        new AddedToken(ClipText.StartOfText, vocabulary.StartId) { Special = true },
        new AddedToken(ClipText.EndOfText, vocabulary.EndId) { Special = true },
    ];

    public static void Save(string folder, BpeVocabulary vocabulary, IReadOnlyList<AddedToken> added) => TokenizerFile.Save(
        folder,
        added,
        new JsonObject
        {
            ["normalizer"] = Normalizer.DeepClone(),
            ["pre_tokenizer"] = PreTokenizer(Words),
            ["post_processor"] = PostProcessor(vocabulary),
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = true, ["trim_offsets"] = true, ["use_regex"] = true },
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["dropout"] = null,
                ["unk_token"] = ClipText.EndOfText,
                ["continuing_subword_prefix"] = string.Empty,
                ["end_of_word_suffix"] = BpeVocabulary.EndOfWord,
                ["fuse_unk"] = false,
                ["byte_fallback"] = false,
                ["ignore_merges"] = false,
                ["vocab"] = TokenizerFile.Ids(vocabulary.Tokens),

                // As text: pairs are not understood by every version of the library.
                ["merges"] = new JsonArray([.. vocabulary.Merges.Select(merge => (JsonNode)$"{merge.Left} {merge.Right}")]),
            },
        });

    private static JsonObject PreTokenizer(string words) => new()
    {
        ["type"] = "Sequence",
        ["pretokenizers"] = new JsonArray(
            new JsonObject
            {
                ["type"] = "Split",
                ["pattern"] = new JsonObject { ["Regex"] = words },
                ["behavior"] = "Removed",
                ["invert"] = true,
            },
            new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = true, ["use_regex"] = true }),
    };

    /// <summary>A row between the markers, as published files have it.</summary>
    private static JsonObject PostProcessor(BpeVocabulary vocabulary) => new()
    {
        ["type"] = "RobertaProcessing",
        ["sep"] = new JsonArray(ClipText.EndOfText, vocabulary.EndId),
        ["cls"] = new JsonArray(ClipText.StartOfText, vocabulary.StartId),
        ["trim_offsets"] = false,
        ["add_prefix_space"] = false,
    };

    /// <summary>The same row by the library's general means.</summary>
    private static JsonObject Template(BpeVocabulary vocabulary)
    {
        static JsonObject Marker(string token) => new() { ["SpecialToken"] = new JsonObject { ["id"] = token } };

        static JsonObject Ids(int id) => new() { ["ids"] = new JsonArray(id) };

        return new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = new JsonArray(
                Marker(ClipText.StartOfText), new JsonObject { ["Sequence"] = new JsonObject { ["id"] = "A" } }, Marker(ClipText.EndOfText)),
            ["special_tokens"] = new JsonObject
            {
                [ClipText.StartOfText] = Ids(vocabulary.StartId),
                [ClipText.EndOfText] = Ids(vocabulary.EndId),
            },
        };
    }

    private static ClipRules Rules(TokenizerDescription? description) => new(
        description?.ClipMarkers ?? ClipMarkers.HuggingFace,
        description?.TextCleaning ?? TextCleaning.Lower,
        description?.SplitSpecialTokens == true);

    private static (string Left, string Right)[] Merges(TokenizerPart model)
    {
        var seen = new HashSet<(string, string)>();
        if (model.Part("merges").Count() is > TokenizerLimits.Tokens and var count)
        {
            throw new VocabularyException(model.File, $"model.merges has {count}, the most that are read are {TokenizerLimits.Tokens}");
        }

        return [.. model.Part("merges").Items().Select((merge, i) =>
        {
            string[] tokens = merge.IsText ? merge.Text().Split(' ', 3) : [.. merge.Items().Take(3).Select(token => token.Text())];
            if (tokens is not [{ Length: > 0 } left, { Length: > 0 } right])
            {
                throw new VocabularyException(model.File, $"model.merges[{i}] is no merge: two tokens are expected");
            }

            return seen.Add((left, right)) ? (left, right) : throw new VocabularyException(model.File, $"the merge of {TokenizerPart.Quoted(left)} and {TokenizerPart.Quoted(right)} is there twice");
        })];
    }
}
