using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>What is done to a text before a SentencePiece model reads it.</summary>
/// <param name="Class">The tokenizer's class in Hugging Face's library.</param>
/// <param name="LowerCase">Letters become lower case.</param>
/// <param name="StripPunctuation">ASCII punctuation is removed, and runs of blanks become one.</param>
/// <param name="Cleaning">open_clip's cleaning, which comes first.</param>
internal sealed record SentencePieceRules(string Class, bool LowerCase, bool StripPunctuation, TextCleaning Cleaning)
{
    private const string Siglip = "SiglipTokenizer";
    private const string Gemma = "GemmaTokenizer";

    /// <summary>
    /// The rules of a folder. SigLIP's class canonicalises texts, as its training did. SigLIP 2 was trained on texts in lower case, which Gemma's class does
    /// not do by itself. All other classes leave texts to the model.
    /// </summary>
    /// <param name="model">The model.</param>
    /// <param name="description">What lies beside it; null for nothing.</param>
    public static SentencePieceRules Of(SentencePieceModel model, TokenizerDescription? description)
    {
        var name = description?.TokenizerClass ?? (model.IsUnigram ? Siglip : Gemma);
        var bare = name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^"Fast".Length] : name;
        return new SentencePieceRules(
            name,
            !model.IsUnigram || bare == Siglip ? description?.DoLowerCase ?? true : description?.DoLowerCase == true,
            bare == Siglip,
            description?.TextCleaning ?? TextCleaning.None);
    }

    /// <summary>The text that the model reads.</summary>
    public string Prepare(string text)
    {
        text = TextCleaner.Clean(text, Cleaning);
        if (LowerCase)
        {
            text = UnicodeText.ToLower(text);
        }

        return StripPunctuation ? TextCleaner.SingleBlanks(TextCleaner.WithoutPunctuation(text)).Trim() : text;
    }
}
