namespace Flip.Config;

/// <summary>How the text tower's tokens become one feature.</summary>
public enum TextPooling
{
    /// <summary>The output at position 0, an ordinary first word (FLIP).</summary>
    FirstToken,

    /// <summary>The output at the token that ends the text (CLIP); <see cref="EndOfTextRule"/> says which that is.</summary>
    EndOfText,

    /// <summary>The mean over valid tokens.</summary>
    Mean,

    /// <summary>The output at the last position of the row, which is padding behind all but the longest texts (CLIPA).</summary>
    LastToken,
}

/// <summary>Which token ends a text. They differ where a text holds an end marker itself, or a token with a larger id.</summary>
public enum EndOfTextRule
{
    /// <summary>The first end marker (Hugging Face; open_clip's <c>eos</c>).</summary>
    Eos,

    /// <summary>The largest id, the first of equals (OpenAI, open_clip; Hugging Face where <c>eos_token_id</c> is 2).</summary>
    Argmax,
}

/// <summary>Which tokens are kept.</summary>
public enum TextMaskKind
{
    /// <summary>A uniform choice over all positions, padding included (paper).</summary>
    Random,

    /// <summary>Padding is removed first, then a uniform choice (paper, "prioritised").</summary>
    Prioritized,

    /// <summary>A contiguous run of the valid tokens is kept (CLIPA).</summary>
    Block,

    /// <summary>The first tokens are kept (CLIPA).</summary>
    Truncate,
}

/// <summary>The text tower (defaults: the paper's companion of B/16).</summary>
public sealed record TextConfig
{
    [Setting(SettingOwner.Model, "Rows of the token table; 0 takes the tokenizer's vocabulary.", Min = 0, Max = Limits.Vocabulary)]
    public int VocabularySize { get; init; }

    [Setting(SettingOwner.Model, "Tokens in a row: 32 in FLIP, 77 in CLIP.", Min = 1, Max = Limits.TextLength)]
    public int Length { get; init; } = 32;

    [Setting(SettingOwner.Model, "Width of a token; a multiple of heads.", Min = 1, Max = Limits.Width)]
    public int Width { get; init; } = 512;

    [Setting(SettingOwner.Model, "Transformer blocks.", Min = 1, Max = Limits.Depth)]
    public int Depth { get; init; } = 12;

    [Setting(SettingOwner.Model, "Attention heads.", Min = 1, Max = Limits.Heads)]
    public int Heads { get; init; } = 8;

    [Setting(SettingOwner.Model, "Width of the MLP relative to a token's.", Min = 0, Max = Limits.MlpRatio, AboveMin = true)]
    public double MlpRatio { get; init; } = 4;

    [Setting(SettingOwner.Model, "A token attends to itself and those before it only (CLIP yes, FLIP no).")]
    public bool Causal { get; init; }

    [Setting(SettingOwner.Model, "Padding attends and is attended, as in official FLIP; false masks it.")]
    public bool AttendPadding { get; init; } = true;

    [Setting(SettingOwner.Model, "Feature: firstToken (FLIP), endOfText (CLIP), mean, or lastToken, the row's last position whether padding or not (CLIPA, SigLIP).")]
    public TextPooling Pooling { get; init; } = TextPooling.FirstToken;

    [Setting(SettingOwner.Model, "Token that an endOfText feature is read at: eos, the first end marker (Hugging Face), or argmax, the largest id, the first of equals (OpenAI, open_clip).")]
    public EndOfTextRule EndOfText { get; init; } = EndOfTextRule.Eos;

    [Setting(SettingOwner.Model, "Id of the end marker; null takes the tokenizer's.", Min = 0, Max = Limits.Vocabulary)]
    public int? EosTokenId { get; init; }

    [Setting(SettingOwner.Model, "The feature is projected into the joint embedding; false takes it as it is (SigLIP's multilingual model), and width is embedDim.")]
    public bool Projection { get; init; } = true;

    [Setting(SettingOwner.Model, "The projection into the joint embedding has a bias (SigLIP yes, FLIP and CLIP no).")]
    public bool ProjectionBias { get; init; }

    [Setting(SettingOwner.Model, "Share of tokens removed in training.", Min = 0, Max = 1, BelowMax = true)]
    public double MaskRatio { get; init; }

    [Setting(SettingOwner.Model, "Which tokens are kept: random, prioritized, block or truncate.")]
    public TextMaskKind MaskKind { get; init; } = TextMaskKind.Prioritized;
}
