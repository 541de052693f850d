using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Io;

namespace Flip.Tokenizers;

/// <summary>
/// Hugging Face's <c>tokenizer.json</c>: a whole tokenizer in one file, from the cleaning of a text to the markers of a row. Two
/// kinds are read here, CLIP's byte-pair encoding and BERT's WordPiece, and SentencePiece's two by <see cref="SentencePieceJson"/>; a file whose steps
/// would give other ids than ours is refused with the first difference.
/// </summary>
internal static class TokenizerFile
{
    public const string FileName = "tokenizer.json";

    /// <summary>Letters of all scripts and &lt; as they are.</summary>
    public static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="path">The file; the files beside it may say more of the tokens that are added.</param>
    /// <param name="variant">Text normalization of a WordPiece tokenizer: the file states its steps, not their name.</param>
    /// <param name="description">The description beside the file.</param>
    /// <exception cref="VocabularyException">The file is missing, damaged, or a tokenizer of another kind.</exception>
    public static ITokenizer Load(string path, WordPieceVariant variant = WordPieceVariant.Bert, TokenizerDescription? description = null)
    {
        return Look(path, file =>
        {
            var model = file.Part("model");
            var declared = DeclaredTokens.Read(Path.GetDirectoryName(Path.GetFullPath(path))!);
            return Kind(model) switch
            {
                "Unigram" => SentencePieceTokenizer.Of(SentencePieceJson.ReadUnigram(file, model), path, description),
                "BPE" when HasBytes(model) => SentencePieceTokenizer.Of(SentencePieceJson.ReadBytePairs(file, model), path, description),
                "BPE" => (ITokenizer)ClipTokenizerFile.Read(file, model, declared, description),
                "WordPiece" => WordPieceTokenizerFile.Read(file, model, variant, declared, description),
                var other => throw new VocabularyException(
                    path, $"its model is {TokenizerPart.Quoted(other)}, supported are BPE as CLIP has it, WordPiece as BERT has it, and SentencePiece's Unigram and BPE"),
            };
        });
    }

    /// <summary>Whether the file puts markers around a text.</summary>
    /// <exception cref="VocabularyException">The file cannot be read.</exception>
    public static bool HasPostProcessor(string path) => Look(path, file => file.Find("post_processor") is not null);

    /// <summary>The kind of tokenizer that the file is; null where it is none of ours.</summary>
    /// <exception cref="VocabularyException">The file cannot be read.</exception>
    public static TokenizerKind? KindOf(string path) => Look<TokenizerKind?>(path, file => Kind(file.Part("model")) switch
    {
        "Unigram" => TokenizerKind.SentencePiece,
        "BPE" when HasBytes(file.Part("model")) => TokenizerKind.SentencePiece,
        "BPE" => TokenizerKind.ClipBpe,
        "WordPiece" => TokenizerKind.WordPiece,
        _ => null,
    });

    /// <summary>The tokens that the file cuts out of a text.</summary>
    public static IEnumerable<AddedToken> Added(TokenizerPart file) => (file.Find("added_tokens")?.Items() ?? []).Select(added =>
        DeclaredTokens.Token(added, added.Part("id").Number() is >= 0 and var id ? id : throw new VocabularyException(file.File, $"an added token has the id {added.Part("id").Number()}"), special: false));

    /// <summary>Writes the file.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="added">Tokens that are cut out of a text.</param>
    /// <param name="steps">Normalizer, pre-tokenizer, post-processor, decoder and model; those that are missing are null.</param>
    public static void Save(string folder, IEnumerable<AddedToken> added, JsonObject steps)
    {
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. added.Select(token => Entry(token, withId: true))]),
        };
        foreach (var name in (string[])["normalizer", "pre_tokenizer", "post_processor", "decoder", "model"])
        {
            file[name] = steps[name]?.DeepClone();
        }

        AtomicFile.WriteText(Path.Combine(folder, FileName), file.ToJsonString(Readable));
    }

    /// <summary>Added tokens by their ids, as <c>tokenizer_config.json</c> has them.</summary>
    public static JsonObject Decoder(IEnumerable<AddedToken> added) => new(added.Select(token =>
        KeyValuePair.Create(token.Id.ToString(CultureInfo.InvariantCulture), (JsonNode?)Entry(token, withId: false))));

    public static JsonObject Ids(IReadOnlyList<string> tokens) =>
        new(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)JsonValue.Create(id))));

    private static T Look<T>(string path, Func<TokenizerPart, T> read)
    {
        try
        {
            using var document = TokenizerInput.ReadJson(path, allowDuplicates: false);
            return read(new TokenizerPart(path, string.Empty, document.RootElement));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new VocabularyException(path, $"cannot be read as a tokenizer ({TokenizerInput.Reason(e)})", e);
        }
    }

    private static JsonObject Entry(AddedToken token, bool withId)
    {
        var entry = withId ? new JsonObject { ["id"] = token.Id } : [];
        entry["content"] = token.Content;
        entry["single_word"] = token.SingleWord;
        entry["lstrip"] = token.LeftStrip;
        entry["rstrip"] = token.RightStrip;
        entry["normalized"] = token.Normalized;
        entry["special"] = token.Special;
        return entry;
    }

    /// <summary>Letters that the vocabulary lacks become bytes, which CLIP's encoding begins with.</summary>
    private static bool HasBytes(TokenizerPart model) => model.Find("byte_fallback")?.Boolean() == true;

    /// <summary>Older files do not name the model's type; what it holds tells.</summary>
    private static string Kind(TokenizerPart model) =>
        model.Find("type")?.Text() ?? (model.Find("merges") is not null ? "BPE"
            : model.Find("max_input_chars_per_word") is not null ? "WordPiece"
            : "unnamed");
}
