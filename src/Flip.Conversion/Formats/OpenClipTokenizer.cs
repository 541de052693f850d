using System.Text.Json.Nodes;
using Flip.Config;
using Flip.Tokenizers;

namespace Flip.Conversion.Formats;

/// <summary>
/// open_clip's two ways to tokenize, as settings: its own CLIP tokenizer, which no file beside the weights changes, and one of Hugging Face's
/// under open_clip's cleaning.
/// </summary>
internal static class OpenClipTokenizer
{
    /// <summary>
    /// What <c>hf_tokenizer_name</c> says where the name of the model's repository is not known. <c>local-dir:</c> takes the folder's files whatever
    /// the name is; <c>hf-hub:</c> takes the repository of this name, so it must be no name of a folder or repository that there is.
    /// </summary>
    public const string NoRepository = "set-text_cfg.hf_tokenizer_name/to-this-repository";

    private const string Siglip = "siglip"; // in names of repositories
    private const int ClipVocabulary = 49408;

    /// <summary>The settings that a configuration stands for.</summary>
    /// <param name="data">The settings to change.</param>
    /// <param name="folder">The model's folder, which may hold the tokenizer.</param>
    /// <param name="name"><c>hf_tokenizer_name</c>; null or empty is open_clip's own tokenizer.</param>
    /// <param name="clean"><c>tokenizer_kwargs.clean</c>; null is what open_clip takes then.</param>
    /// <param name="stripsSeparator"><c>tokenizer_kwargs.strip_sep_token</c>.</param>
    public static DataConfig Settings(DataConfig data, string folder, string? name, string? clean, bool stripsSeparator)
    {
        TextCleaning? cleaning = clean switch
        {
            "whitespace" => TextCleaning.Whitespace,
            "lower" => TextCleaning.Lower,
            "canonicalize" => TextCleaning.Canonicalize,
            _ => null,
        };
        // Where no tokenizer lies beside the weights, it is SentencePiece's in SigLIP's models, whose texts alone are canonicalised, and BERT's in
        // open_clip's others of our towers.
        var siglip = clean == "canonicalize" || name?.Contains(Siglip, StringComparison.OrdinalIgnoreCase) == true;
        var usual = siglip
            ? data with { Tokenizer = TokenizerKind.SentencePiece }
            : data with { Tokenizer = TokenizerKind.WordPiece, WordPieceMarkers = WordPieceMarkers.ClsSep };
        var own = TokenizerFactory.AsHuggingFace(usual, folder);
        if (string.IsNullOrEmpty(name) && own.Tokenizer != TokenizerKind.SentencePiece)
        {
            return data with { Tokenizer = TokenizerKind.ClipBpe, ClipMarkers = ClipMarkers.OpenClip, TextCleaning = cleaning ?? TextCleaning.Lower };
        }

        data = own with { TextCleaning = cleaning ?? TextCleaning.Whitespace };
        return data.WordPieceMarkers == WordPieceMarkers.ClsSep && stripsSeparator ? data with { WordPieceMarkers = WordPieceMarkers.Cls } : data;
    }

    /// <summary>Adds what a model's tokenizer is to its <c>text_cfg</c>.</summary>
    /// <param name="text">The <c>text_cfg</c>.</param>
    /// <param name="config">The model.</param>
    /// <param name="tokenizer">The tokenizer; where there is none the settings tell what it is.</param>
    /// <param name="repository">Name of the hub's repository that the folder becomes; null where it is not known.</param>
    public static void Describe(JsonObject text, FlipConfig config, ITokenizer? tokenizer, string? repository)
    {
        var own = IsOwn(config, tokenizer);
        if (!own)
        {
            text["hf_tokenizer_name"] = repository ?? NoRepository;
        }

        // open_clip cleans every text in one of three ways.
        var (cleaning, usual) = (Cleaning(config, tokenizer), own ? TextCleaning.Lower : TextCleaning.Whitespace);
        var arguments = new JsonObject();
        if (cleaning != usual && cleaning != TextCleaning.None)
        {
            arguments["clean"] = cleaning.ToString().ToLowerInvariant();
        }

        if ((tokenizer as WordPieceTokenizer)?.Markers == WordPieceMarkers.Cls)
        {
            arguments["strip_sep_token"] = true;
        }

        if (arguments.Count > 0)
        {
            text["tokenizer_kwargs"] = arguments;
        }

        // The largest id is the end marker, unless tokens were added behind it.
        if (config.Model.Text is { Pooling: TextPooling.EndOfText, EndOfText: EndOfTextRule.Eos, EosTokenId: { } end } tower && end != tower.VocabularySize - 1)
        {
            (text["pool_type"], text["eos_id"]) = ("eos", end);
        }
    }

    /// <summary>Whether open_clip's own tokenizer gives the model's ids: CLIP's vocabulary, and nothing added.</summary>
    public static bool IsOwn(FlipConfig config, ITokenizer? tokenizer) =>
        (tokenizer is null ? config.Data.Tokenizer == TokenizerKind.ClipBpe : tokenizer is ClipBpeTokenizer { VocabularySize: ClipVocabulary })
        && config.Model.Text.VocabularySize == ClipVocabulary;

    private static TextCleaning Cleaning(FlipConfig config, ITokenizer? tokenizer) => tokenizer switch
    {
        WordPieceTokenizer wordPiece => wordPiece.Cleaning,
        SentencePieceTokenizer pieces => pieces.Cleaning,
        null when config.Data.Tokenizer == TokenizerKind.SentencePiece => config.Data.TextCleaning ?? TextCleaning.None,

        // Between the markers and behind open_clip's cleaning it is lower case all the same.
        ClipBpeTokenizer { Markers: ClipMarkers.HuggingFace, Cleaning: TextCleaning.Lower } when !IsOwn(config, tokenizer) => TextCleaning.Whitespace,
        ClipBpeTokenizer clip => clip.Cleaning,
        _ => TextCleaning.None,
    };
}
