using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>How WordPiece treats a text and fills a row.</summary>
internal sealed record WordPieceRules
{
    /// <summary>Whose text normalization it is; TensorFlow Text's is uncased always.</summary>
    public WordPieceVariant Variant { get; init; }

    /// <summary>Length of a word, above which it is unknown: characters for BERT, UTF-8 bytes for TensorFlow Text.</summary>
    public int LongestWord { get; init; } = WordPieceText.MaxCharacters;

    /// <summary>Whether case is lost (an uncased vocabulary).</summary>
    public bool LowerCase { get; init; } = true;

    /// <summary>Whether accents are lost.</summary>
    public bool StripAccents { get; init; } = true;

    /// <summary>Whether each ideograph is a word.</summary>
    public bool SeparateIdeographs { get; init; } = true;

    /// <summary>Markers around a text; without them "[CLS]" and the like in a text are text.</summary>
    public WordPieceMarkers Markers { get; init; }

    /// <summary>What is done to a text before all this.</summary>
    public TextCleaning Cleaning { get; init; }

    /// <summary>Whether special tokens in a text are text (Hugging Face's <c>split_special_tokens</c>).</summary>
    public bool SplitSpecialTokens { get; init; }

    public static WordPieceRules Of(WordPieceVariant variant) => new()
    {
        Variant = variant,
        LongestWord = variant == WordPieceVariant.TfText ? WordPieceText.MaxBytes : WordPieceText.MaxCharacters,
    };
}
