namespace Flip.Config;

/// <summary>How an image becomes the tower's square in evaluation.</summary>
public enum EvalTransform
{
    /// <summary>Centre square of the whole short side, then bicubic resize (FLIP).</summary>
    Flip,

    /// <summary>Bicubic resize of the short side, then centre crop (CLIP).</summary>
    Clip,

    /// <summary>Centre square of the whole short side, then TensorFlow's bicubic resize without antialiasing, corners aligned, as official
    /// FLIP's evaluation does; levels are rounded and kept within 0..255, which TensorFlow does not do.</summary>
    FlipTensorFlow,

    /// <summary>The whole image resized to the square, its sides out of proportion (CLIPA, DFN, SigLIP).</summary>
    Squash,
}

/// <summary>The kernel of evaluation's resize, Pillow's with antialiasing.</summary>
public enum Interpolation
{
    /// <summary>Bicubic, a = -0.5.</summary>
    Bicubic,

    /// <summary>Bilinear (CLIPA).</summary>
    Bilinear,
}

/// <summary>What computes the embeddings of whole images where a model is only used.</summary>
public enum ImageRuntime
{
    /// <summary>ONNX Runtime where towers compute in fp32 on the processor, libtorch else: the faster of the two.</summary>
    Auto,

    /// <summary>libtorch, which training and evaluation always take.</summary>
    Libtorch,

    /// <summary>ONNX Runtime, in fp32 on the processor.</summary>
    Onnx,
}

/// <summary>Evaluation during and after training.</summary>
public sealed record EvalConfig
{
    [Setting(SettingOwner.User, "Data sets measured on in training and at its end: NAME=PATH, your own labelled images, or captions=PATH for captioned ones.")]
    public TextList On { get; init; } = [];

    [Setting(SettingOwner.User, "Class names of the user's own images in evaluation; null takes data.classNames.")]
    public string? Classes { get; init; }

    [Setting(SettingOwner.User, "Prompt templates: flip7, clip80, or a file with one template a line, {c} for the name; null takes the data set's own, else flip7.")]
    public string? Templates { get; init; }

    [Setting(SettingOwner.User, "Distance between evaluations in training; null evaluates at the end only.")]
    public Duration? Every { get; init; }

    [Setting(SettingOwner.Model, "Evaluation transform: flip, clip, squash (CLIPA), or flipTensorFlow for weights of the official release.")]
    public EvalTransform Transform { get; init; } = EvalTransform.Flip;

    [Setting(SettingOwner.Model, "Kernel of the evaluation transform: bicubic, or bilinear (CLIPA).")]
    public Interpolation Interpolation { get; init; } = Interpolation.Bicubic;

    [Setting(SettingOwner.User, "Images or texts encoded at a time; null takes 64 on the processor, and on a GPU what an eighth of its memory holds, at most 1024.", Min = 1, Max = Limits.EvaluationBatch)]
    public int? BatchSize { get; init; }

    [Setting(SettingOwner.User, "What embeds whole images where a model is only used (embed, index, rank, serve): libtorch, onnx (ONNX Runtime, in fp32 on the processor), or auto, which takes onnx where towers compute in fp32 on the processor.")]
    public ImageRuntime Runtime { get; init; } = ImageRuntime.Auto;

    /// <summary>The transform and its kernel, as manifests and results name them.</summary>
    public string TransformName() => Interpolation == Interpolation.Bicubic ? Transform.ToString() : $"{Transform}, {Interpolation}";
}
