namespace Flip.Config;

/// <summary>The class token of the image tower.</summary>
public enum ClassToken
{
    /// <summary>No class token (FLIP paper).</summary>
    None,

    /// <summary>One that has no position and joins after masking (official FLIP code).</summary>
    WithoutPosition,

    /// <summary>One with a position of its own, before the patches (CLIP).</summary>
    WithPosition,
}

/// <summary>Position embeddings of the image tower.</summary>
public enum ImagePositions
{
    /// <summary>Fixed 2-D sine-cosine table.</summary>
    SinCos,

    /// <summary>Learned table.</summary>
    Learned,
}

/// <summary>How the image tower's tokens become one feature.</summary>
public enum ImagePooling
{
    /// <summary>Mean over all tokens, the class token included.</summary>
    Mean,

    /// <summary>Mean over the patches; a class token takes part in attention alone (CLIPA).</summary>
    PatchMean,

    /// <summary>The class token.</summary>
    ClassToken,

    /// <summary>A learned query that looks at all tokens, and an MLP (SigLIP).</summary>
    Attention,
}

/// <summary>Where the LayerNorm at the end of the image tower is.</summary>
public enum FinalNorm
{
    /// <summary>On every token, before they are pooled.</summary>
    BeforePooling,

    /// <summary>On the pooled feature (CLIPA).</summary>
    AfterPooling,

    /// <summary>Nowhere.</summary>
    None,
}

/// <summary>How a learned table of positions becomes one of another grid. Both are bicubic; their values differ by several per cent.</summary>
public enum PositionResize
{
    /// <summary>Without antialiasing, a = -0.75: Hugging Face, and Flip's own models.</summary>
    Bicubic,

    /// <summary>With antialiasing, a = -0.5: open_clip and timm.</summary>
    BicubicAntialias,
}

/// <summary>Which patches are kept.</summary>
public enum ImageMaskKind
{
    /// <summary>A uniform choice per image (FLIP, MAE).</summary>
    Random,

    /// <summary>One contiguous, nearly square block is kept (CLIPA).</summary>
    Block,

    /// <summary>One patch is kept of every cell of neighbours (CLIPA).</summary>
    Grid,
}

/// <summary>Mean and standard deviation that pixels are normalised with.</summary>
public enum PixelNormalization
{
    /// <summary>(0.485, 0.456, 0.406), (0.229, 0.224, 0.225): FLIP.</summary>
    ImageNet,

    /// <summary>(0.48145466, 0.4578275, 0.40821073), (0.26862954, 0.26130258, 0.27577711): OpenAI CLIP.</summary>
    Clip,

    /// <summary>(0.5, 0.5, 0.5) both.</summary>
    Half,
}

/// <summary>The image tower, a ViT (defaults: B/16).</summary>
public sealed record ImageConfig
{
    [Setting(SettingOwner.Model, "Height and width of the image, pixels; a multiple of patchSize. With learned positions it need not be one: what is behind the last whole patch is not seen (SigLIP SO400M/14 of 384).", Min = 1, Max = Limits.ImageSize)]
    public int ImageSize { get; init; } = 224;

    [Setting(SettingOwner.Model, "Height and width of a patch, pixels.", Min = 1, Max = Limits.PatchSize)]
    public int PatchSize { get; init; } = 16;

    [Setting(SettingOwner.Model, "Width of a token; a multiple of heads (and of 4 with sinCos positions).", Min = 1, Max = Limits.Width)]
    public int Width { get; init; } = 768;

    [Setting(SettingOwner.Model, "Transformer blocks.", Min = 1, Max = Limits.Depth)]
    public int Depth { get; init; } = 12;

    [Setting(SettingOwner.Model, "Attention heads.", Min = 1, Max = Limits.Heads)]
    public int Heads { get; init; } = 12;

    [Setting(SettingOwner.Model, "Width of the MLP relative to a token's.", Min = 0, Max = Limits.MlpRatio, AboveMin = true)]
    public double MlpRatio { get; init; } = 4;

    [Setting(SettingOwner.Model, "Class token: none (paper), withoutPosition (official code) or withPosition (CLIP).")]
    public ClassToken ClassToken { get; init; } = ClassToken.None;

    [Setting(SettingOwner.Model, "Position embeddings: sinCos or learned.")]
    public ImagePositions Positions { get; init; } = ImagePositions.SinCos;

    [Setting(SettingOwner.Model, "Patches along a side when the weights were trained, where imageSize has changed since; 0 is the same. sinCos coordinates stretch.", Min = 0, Max = Limits.ImageSize)]
    public int PositionGrid { get; init; }

    [Setting(SettingOwner.Model, "How learned positions become those of another image size: bicubic (Hugging Face, Flip) or bicubicAntialias (open_clip, timm).")]
    public PositionResize PositionResize { get; init; } = PositionResize.Bicubic;

    [Setting(SettingOwner.Model, "Feature: mean over tokens, patchMean (a class token left out, as CLIPA does), classToken, or attention of a learned query to all tokens (SigLIP).")]
    public ImagePooling Pooling { get; init; } = ImagePooling.Mean;

    [Setting(SettingOwner.Model, "LayerNorm at the end: beforePooling, on every token; afterPooling, on the feature (CLIPA); or none.")]
    public FinalNorm FinalNorm { get; init; } = FinalNorm.BeforePooling;

    [Setting(SettingOwner.Model, "The feature is projected into the joint embedding; false takes it as it is (SigLIP), and width is embedDim.")]
    public bool Projection { get; init; } = true;

    [Setting(SettingOwner.Model, "The patch projection has a bias (FLIP yes, CLIP no).")]
    public bool PatchBias { get; init; } = true;

    [Setting(SettingOwner.Model, "A LayerNorm before the first block (CLIP yes, FLIP no).")]
    public bool PreNorm { get; init; }

    [Setting(SettingOwner.Model, "Activation of this tower's MLPs where it is another than model.activation: geluTanh, gelu or quickGelu.")]
    public Activation? Activation { get; init; }

    [Setting(SettingOwner.Model, "Epsilon of this tower's LayerNorms where it is another than model.layerNormEps.", Min = 0, Max = 1, AboveMin = true)]
    public double? LayerNormEps { get; init; }

    [Setting(SettingOwner.Model, "Mean and deviation of pixels: imageNet, clip or half.")]
    public PixelNormalization Normalization { get; init; } = PixelNormalization.ImageNet;

    [Setting(SettingOwner.Model, "Share of patches removed in training; the masking of the title.", Min = 0, Max = 1, BelowMax = true)]
    public double MaskRatio { get; init; } = 0.5;

    [Setting(SettingOwner.Model, "Which patches are kept: random (paper), block or grid.")]
    public ImageMaskKind MaskKind { get; init; } = ImageMaskKind.Random;

    [Setting(SettingOwner.Model, "Mask ratio at the end of training; it moves linearly from maskRatio. Null keeps it constant.", Min = 0, Max = 1, BelowMax = true)]
    public double? FinalMaskRatio { get; init; }

    /// <summary>Patches along a side.</summary>
    public int GridSize() => ImageSize / PatchSize;

    /// <summary>Tokens that are no patch: 1 with a class token, else 0.</summary>
    public int ClassTokens() => ClassToken == ClassToken.None ? 0 : 1;

    /// <summary>Patches of an image, L.</summary>
    public int PatchCount() => GridSize() * GridSize();
}
