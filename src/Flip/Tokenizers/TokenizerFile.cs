using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Io;

namespace Flip.Tokenizers;

/// <summary>
/// Hugging Face's <c>tokenizer.json</c>: a whole tokenizer in one file, from the cleaning of a text to the markers of a row. Two
/// kinds are read, CLIP's byte-pair encoding and BERT's uncased WordPiece; a file whose steps would give other ids than ours is
/// refused with the first difference.
/// </summary>
internal static class TokenizerFile
{
    public const string FileName = "tokenizer.json";

    /// <summary>Letters of all scripts and &lt; as they are.</summary>
    public static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <param name="path">The file.</param>
    /// <param name="variant">Text normalization of a WordPiece tokenizer: the file states its steps, not their name.</param>
    /// <exception cref="VocabularyException">The file is missing, damaged, or a tokenizer of another kind.</exception>
    public static ITokenizer Load(string path, WordPieceVariant variant = WordPieceVariant.Bert)
    {
        try
        {
            using var document = JsonDocument.Parse(File.ReadAllBytes(path), new JsonDocumentOptions { AllowDuplicateProperties = false });
            var file = new TokenizerPart(path, string.Empty, document.RootElement);
            var model = file.Part("model");
            return Kind(model) switch
            {
                "BPE" => new ClipBpeTokenizer(ClipTokenizerFile.Read(file, model)),
                "WordPiece" => WordPieceTokenizerFile.Read(file, model, variant),
                var other => throw new VocabularyException(
                    path, $"its model is {TokenizerPart.Quoted(other)}, supported are BPE as CLIP has it and WordPiece as BERT has it"),
            };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            throw new VocabularyException(path, $"cannot be read as a tokenizer ({e.Message.TrimEnd('.')})", e);
        }
        catch (InvalidOperationException e)
        {
            // What System.Text.Json throws for half of a surrogate pair in a string.
            throw new VocabularyException(path, "holds text that is no Unicode", e);
        }
    }

    /// <summary>Writes the file.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="markers">Ids and texts of the tokens that are found in a text before it is cleaned.</param>
    /// <param name="steps">Normalizer, pre-tokenizer, post-processor, decoder and model; those that are missing are null.</param>
    public static void Save(string folder, IEnumerable<(int Id, string Text)> markers, JsonObject steps)
    {
        var file = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. markers.Select(marker => new JsonObject
            {
                ["id"] = marker.Id,
                ["content"] = marker.Text,
                ["single_word"] = false,
                ["lstrip"] = false,
                ["rstrip"] = false,
                ["normalized"] = true,
                ["special"] = true,
            })]),
        };
        foreach (var name in (string[])["normalizer", "pre_tokenizer", "post_processor", "decoder", "model"])
        {
            file[name] = steps[name]?.DeepClone();
        }

        AtomicFile.WriteText(Path.Combine(folder, FileName), file.ToJsonString(Readable));
    }

    public static JsonObject Ids(IReadOnlyList<string> tokens) =>
        new(tokens.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)JsonValue.Create(id))));

    /// <summary>Older files do not name the model's type; what it holds tells.</summary>
    private static string Kind(TokenizerPart model) =>
        model.Find("type")?.Text() ?? (model.Find("merges") is not null ? "BPE"
            : model.Find("max_input_chars_per_word") is not null ? "WordPiece"
            : "unnamed");
}
