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

    private const int ClipVocabulary = 49408;

    /// <summary>The settings that a configuration stands for.</summary>
    /// <param name="data">The settings to change.</param>
    /// <param name="folder">The model's folder, which may hold the tokenizer.</param>
    /// <param name="name"><c>hf_tokenizer_name</c>; null or empty is open_clip's own tokenizer.</param>
    /// <param name="clean"><c>tokenizer_kwargs.clean</c>; null is what open_clip takes then.</param>
    /// <param name="stripsSeparator"><c>tokenizer_kwargs.strip_sep_token</c>.</param>
    /// <exception cref="VocabularyException">A tokenizer file is damaged.</exception>
    public static DataConfig Settings(DataConfig data, string folder, string? name, string? clean, bool stripsSeparator)
    {
        TextCleaning? cleaning = clean switch
        {
            "whitespace" => TextCleaning.Whitespace,
            "lower" => TextCleaning.Lower,
            "canonicalize" => TextCleaning.Canonicalize,
            _ => null,
        };
        if (string.IsNullOrEmpty(name))
        {
            return data with { Tokenizer = TokenizerKind.ClipBpe, ClipMarkers = ClipMarkers.OpenClip, TextCleaning = cleaning ?? TextCleaning.Lower };
        }

        data = data with { TextCleaning = cleaning ?? TextCleaning.Whitespace };
        if (TokenizerFactory.KindOf(folder) == TokenizerKind.ClipBpe)
        {
            return data with { Tokenizer = TokenizerKind.ClipBpe, ClipMarkers = ClipMarkers.HuggingFace };
        }

        var marked = TokenizerFactory.HuggingFaceMarkers(folder) == WordPieceMarkers.ClsSep;
        return data with
        {
            Tokenizer = TokenizerKind.WordPiece,
            WordPieceMarkers = !marked ? WordPieceMarkers.None : stripsSeparator ? WordPieceMarkers.Cls : WordPieceMarkers.ClsSep,
        };
    }

    /// <summary>Adds what a model's tokenizer is to its <c>text_cfg</c>.</summary>
    /// <param name="text">The <c>text_cfg</c>.</param>
    /// <param name="config">The model.</param>
    /// <param name="repository">Name of the hub's repository that the folder becomes; null where it is not known.</param>
    public static void Describe(JsonObject text, FlipConfig config, string? repository)
    {
        var (data, model) = (config.Data, config.Model.Text);
        var own = data.Tokenizer == TokenizerKind.ClipBpe && model.VocabularySize == ClipVocabulary && data.ClipMarkers != ClipMarkers.HuggingFace;
        if (!own)
        {
            text["hf_tokenizer_name"] = repository ?? NoRepository;
        }

        var arguments = new JsonObject();
        if ((data.TextCleaning ?? (own ? TextCleaning.Lower : TextCleaning.Whitespace)) is not TextCleaning.None and var cleaning
            && cleaning != (own ? TextCleaning.Lower : TextCleaning.Whitespace))
        {
            arguments["clean"] = cleaning.ToString().ToLowerInvariant();
        }

        if (data.WordPieceMarkers == WordPieceMarkers.Cls)
        {
            arguments["strip_sep_token"] = true;
        }

        if (arguments.Count > 0)
        {
            text["tokenizer_kwargs"] = arguments;
        }

        // The largest id is the end marker, unless tokens were added behind it.
        if (model is { Pooling: TextPooling.EndOfText, EndOfText: EndOfTextRule.Eos, EosTokenId: { } end } && end != model.VocabularySize - 1)
        {
            (text["pool_type"], text["eos_id"]) = ("eos", end);
        }
    }
}
