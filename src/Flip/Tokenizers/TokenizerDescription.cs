using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Flip.Config;
using Flip.Io;

namespace Flip.Tokenizers;

/// <summary>The <c>tokenizer_config.json</c> beside a vocabulary, in Hugging Face's form with entries of ours.</summary>
internal sealed record TokenizerDescription
{
    public const string Bert = "BertTokenizer";
    public const string Clip = "CLIPTokenizer";

    /// <summary>
    /// Takes everything from <c>tokenizer.json</c>. BERT's own class would be nearer in name, and rebuilds the tokenizer
    /// from the vocabulary: with [CLS] and [SEP], and with another longest word.
    /// </summary>
    public const string AnyFast = "PreTrainedTokenizerFast";

    public const string FileName = "tokenizer_config.json";

    private static readonly JsonSerializerOptions Options = new()
    {
        WriteIndented = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase, allowIntegerValues: false) },
    };

    public string? TokenizerClass { get; init; }

    public bool? DoLowerCase { get; init; }

    public bool? StripAccents { get; init; }

    public bool? TokenizeChineseChars { get; init; }

    /// <summary>Whether special tokens in a text are text.</summary>
    public bool? SplitSpecialTokens { get; init; }

    // Ours: other readers pass over them.
    public WordPieceVariant? WordPieceVariant { get; init; }

    public WordPieceMarkers? WordPieceMarkers { get; init; }

    public ClipMarkers? ClipMarkers { get; init; }

    public TextCleaning? TextCleaning { get; init; }

    /// <summary>Whether the class is BERT's, which rebuilds its steps from this description.</summary>
    [JsonIgnore]
    public bool IsBert => TokenizerClass is Bert or Bert + "Fast";

    /// <summary>Reads the folder's description; null where it has none.</summary>
    /// <exception cref="VocabularyException">The file is no such description.</exception>
    public static TokenizerDescription? Load(string folder)
    {
        var path = Path.Combine(folder, FileName);
        try
        {
            return File.Exists(path) ? JsonSerializer.Deserialize<TokenizerDescription>(TokenizerInput.ReadBytes(path), Options) : null;
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new VocabularyException(path, $"no valid description of a tokenizer ({TokenizerInput.Reason(e)})", e);
        }
    }

    /// <summary>Writes the file.</summary>
    /// <param name="folder">Where to.</param>
    /// <param name="others">What is for other readers alone: the markers (<c>pad_token</c> and so on) and how they are treated.</param>
    /// <param name="contextLength">Ids in a row; other libraries cut nothing without it.</param>
    public void Save(string folder, JsonObject others, int? contextLength)
    {
        var file = JsonSerializer.SerializeToNode(this, Options)!.AsObject();
        foreach (var (name, value) in others)
        {
            file[name] = value?.DeepClone();
        }

        if (contextLength is { } length)
        {
            file["model_max_length"] = length;
        }

        AtomicFile.WriteText(Path.Combine(folder, FileName), file.ToJsonString(Options));
    }
}
