namespace Flip.Config;

/// <summary>Activation inside the MLPs.</summary>
public enum Activation
{
    /// <summary>GELU with the tanh approximation (official FLIP).</summary>
    GeluTanh,

    /// <summary>Exact GELU (open_clip).</summary>
    Gelu,

    /// <summary>x · sigmoid(1.702 x) (OpenAI CLIP).</summary>
    QuickGelu,
}

/// <summary>Where the logit scale is kept within [1, 100].</summary>
public enum LogitScaleClamp
{
    /// <summary>In the forward pass (official FLIP): beyond the bound its gradient is 0.</summary>
    Forward,

    /// <summary>The parameter, after each step (CLIP, open_clip).</summary>
    Parameter,
}

/// <summary>The two towers and what joins them.</summary>
public sealed record ModelConfig
{
    /// <summary>Image tower.</summary>
    public ImageConfig Image { get; init; } = new();

    /// <summary>Text tower.</summary>
    public TextConfig Text { get; init; } = new();

    [Setting(SettingOwner.Model, "Width of the joint embedding.", Min = 1, Max = Limits.Width)]
    public int EmbedDim { get; init; } = 512;

    [Setting(SettingOwner.Model, "Activation of the MLPs: geluTanh, gelu or quickGelu; model.image.activation is for an image tower with another one.")]
    public Activation Activation { get; init; } = Activation.GeluTanh;

    [Setting(SettingOwner.Model, "Epsilon of every LayerNorm; model.image.layerNormEps is for an image tower with another one.", Min = 0, Max = 1, AboveMin = true)]
    public double LayerNormEps { get; init; } = 1e-6;

    [Setting(SettingOwner.Model, "Added to the norm when embeddings are normalised, z / (|z| + eps).", Min = 0, Max = 1)]
    public double NormEps { get; init; } = 1e-8;

    [Setting(SettingOwner.Model, "Initial logit scale, as its logarithm; ln(1/0.07).", Min = -100, Max = 100)]
    public double LogitScaleInit { get; init; } = 2.6592600369327783;

    [Setting(SettingOwner.Model, "Where the logit scale is bounded to [1, 100]: forward (FLIP) or parameter (CLIP).")]
    public LogitScaleClamp LogitScaleClamp { get; init; } = LogitScaleClamp.Forward;

    /// <summary>Reconstruction of the removed patches (paper, section 4.1); off at weight 0.</summary>
    public ReconstructionConfig Reconstruction { get; init; } = new();

    /// <summary>What the blocks of the image tower are made of.</summary>
    public BlockKind ImageBlocks() => new(Image.Activation ?? Activation, Image.LayerNormEps ?? LayerNormEps);

    /// <summary>What the blocks of the text tower are made of.</summary>
    public BlockKind TextBlocks() => new(Activation, LayerNormEps);
}

/// <summary>What can differ between the blocks of two towers beside their sizes.</summary>
/// <param name="Activation">Activation inside the MLPs.</param>
/// <param name="LayerNormEps">Epsilon of every LayerNorm.</param>
public readonly record struct BlockKind(Activation Activation, double LayerNormEps);

/// <summary>MAE-style decoder that predicts the normalised pixels of removed patches.</summary>
public sealed record ReconstructionConfig
{
    [Setting(SettingOwner.Model, "Weight of the reconstruction loss; 0 builds no decoder.", Min = 0, Max = 1e6)]
    public double Weight { get; init; }

    [Setting(SettingOwner.Model, "Width of the decoder's tokens.", Min = 1, Max = Limits.DecoderWidth)]
    public int Width { get; init; } = 512;

    [Setting(SettingOwner.Model, "Decoder blocks.", Min = 1, Max = Limits.DecoderDepth)]
    public int Depth { get; init; } = 4;

    [Setting(SettingOwner.Model, "Attention heads of the decoder.", Min = 1, Max = Limits.Heads)]
    public int Heads { get; init; } = 16;
}
