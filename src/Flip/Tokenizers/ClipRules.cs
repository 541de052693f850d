using Flip.Config;

namespace Flip.Tokenizers;

/// <summary>How CLIP's byte-pair encoding treats a text.</summary>
/// <param name="Markers">How its markers are found in a text.</param>
/// <param name="Cleaning">What is done to a text first.</param>
/// <param name="SplitSpecialTokens">Whether added tokens that are special are text (Hugging Face's <c>split_special_tokens</c>).</param>
internal sealed record ClipRules(ClipMarkers Markers, TextCleaning Cleaning, bool SplitSpecialTokens = false)
{
    public static readonly ClipRules OpenAi = new(ClipMarkers.OpenAi, TextCleaning.Lower);

    /// <summary>The markers that are words; null where they are added tokens.</summary>
    public (string Start, string End)? Words => Markers switch
    {
        ClipMarkers.OpenAi => (ClipText.StartOfText, ClipText.EndOfText),
        ClipMarkers.OpenClip => ("<start_of_text>", "<end_of_text>"),
        _ => null,
    };

    /// <summary>What is done to a whole text.</summary>
    public string Prepare(string text) => IsWhole ? TextCleaner.Clean(text, Cleaning) : text;

    /// <summary>What is done to what lies between added tokens.</summary>
    public string Normalize(string text) =>
        Cleaning == TextCleaning.Lower ? ClipText.Clean(text)
        : IsWhole && Markers != ClipMarkers.HuggingFace ? text
        : ClipText.Normalize(text);

    /// <summary>
    /// OpenAI's cleaning takes the place of Hugging Face's normalization, between added tokens; every other one comes first, as open_clip
    /// cleans a text before it gives it to a tokenizer.
    /// </summary>
    private bool IsWhole => Cleaning is TextCleaning.Whitespace or TextCleaning.Canonicalize;
}
