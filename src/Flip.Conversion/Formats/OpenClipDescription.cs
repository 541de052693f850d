using Flip.Config;
using Flip.Io;

namespace Flip.Conversion.Formats;

/// <summary>What <c>open_clip_config.json</c> says; the defaults are open_clip's, since files say only what differs.</summary>
internal sealed record OpenClipDescription
{
    public ModelPart? ModelCfg { get; init; }

    public PreprocessPart PreprocessCfg { get; init; } = new();

    /// <summary>What of it Flip's towers cannot be; whole phrases.</summary>
    public IEnumerable<string> Problems()
    {
        if (ModelCfg is not { } model)
        {
            return ["there is no model_cfg"];
        }

        var (vision, text) = (model.VisionCfg, model.TextCfg);
        var timm = vision.TimmModelName is not null;
        IEnumerable<(bool Holds, string Problem)> rules =
        [
            (text.HfModelName is null && text.TextArch is null or "clip", $"the text tower is {text.HfModelName ?? text.TextArch}, not CLIP's Transformer"),
            (text.PoolType is "argmax" or "eos" or "first", $"text_cfg.pool_type is '{text.PoolType}'; argmax, eos and first are supported"),
            (text.TokenizerKwargs?.Clean is null or "whitespace" or "lower" or "canonicalize",
                $"tokenizer_kwargs.clean is '{text.TokenizerKwargs?.Clean}'; whitespace, lower and canonicalize are supported"),
            (!text.EmbedCls && !text.ProjBias && text.ProjType == "linear", "text_cfg has a class token or another projection than one product without bias"),
            (timm || (vision.PoolType == "tok" && !vision.NoLnPre && !vision.AttentionalPool && !vision.FinalLnAfterPool && vision.LsInitValue is null),
                "vision_cfg is a variant of open_clip's image tower (no_ln_pre, pool_type, attentional_pool, final_ln_after_pool, ls_init_value) that Flip lacks"),
            (!timm || (vision.TimmProj == "linear" && !vision.TimmProjBias && vision.TimmPool is "avg" or "token"), "vision_cfg.timm_pool or timm_proj is not supported"),
            (!timm || vision.TimmModelKwargs is { EmbedDim: > 0, Depth: > 0, NumHeads: > 0, PatchSize: > 0, FcNorm: false },
                $"vision_cfg.timm_model_name '{vision.TimmModelName}' is not spelled out as a plain ViT in timm_model_kwargs"),
            (!timm || vision is not { TimmPool: "avg", TimmModelKwargs: { ClassToken: true, PoolIncludePrefix: false } },
                "the image tower's mean leaves out its class token; Flip's takes it in"),
            (vision.ActKwargs?.Approximate == text.ActKwargs?.Approximate || timm, "the towers' act_kwargs differ"),
            (vision.NormKwargs?.Eps == text.NormKwargs?.Eps || timm, "the towers' norm_kwargs differ"),
            (PreprocessCfg.ResizeMode == "shortest" && PreprocessCfg.Interpolation == "bicubic",
                $"preprocess_cfg resizes '{PreprocessCfg.ResizeMode}', '{PreprocessCfg.Interpolation}'; only shortest, bicubic is supported"),
        ];
        return rules.Where(rule => !rule.Holds).Select(rule => rule.Problem);
    }

    /// <summary>The model that it describes; <see cref="Problems"/> has found none.</summary>
    public ModelConfig ToModel(string path)
    {
        var (vision, text, start) = (ModelCfg!.VisionCfg, ModelCfg.TextCfg, ClipDefaults.Model);
        var normalization = ClipDefaults.Normalization(path, PreprocessCfg.Mean, PreprocessCfg.Std);
        return start with
        {
            Image = (vision.TimmModelKwargs is { } trunk ? Trunk(start.Image, vision, trunk) : Visual(start.Image, vision)) with { Normalization = normalization },
            Text = start.Text with
            {
                VocabularySize = text.VocabSize,
                Length = text.ContextLength,
                Width = text.Width,
                Depth = text.Layers,
                Heads = text.Heads,
                MlpRatio = text.MlpRatio,
                Causal = !text.NoCausalMask,
                Pooling = text.PoolType == "first" ? TextPooling.FirstToken : TextPooling.EndOfText,
                EndOfText = text.PoolType == "argmax" ? EndOfTextRule.Argmax : EndOfTextRule.Eos,
                EosTokenId = text.PoolType == "eos" ? text.EosId : null,
            },
            EmbedDim = ModelCfg.EmbedDim,
            Activation = ModelCfg.QuickGelu ? Activation.QuickGelu
                : text.ActKwargs?.Approximate == "tanh" ? Activation.GeluTanh
                : Activation.Gelu,
            LayerNormEps = text.NormKwargs?.Eps ?? ClipDefaults.LayerNormEps,
            NormEps = 0,
        };
    }

    private static ImageConfig Visual(ImageConfig start, VisionPart vision) => start with
    {
        ImageSize = vision.ImageSize,
        PatchSize = vision.PatchSize,
        Width = vision.Width,
        Depth = vision.Layers,
        Heads = Math.Max(1, vision.Width / Math.Max(1, vision.HeadWidth)),
        MlpRatio = vision.MlpRatio,
    };

    private static ImageConfig Trunk(ImageConfig start, VisionPart vision, TimmPart trunk) => start with
    {
        ImageSize = vision.ImageSize,
        PatchSize = trunk.PatchSize,
        Width = trunk.EmbedDim,
        Depth = trunk.Depth,
        Heads = trunk.NumHeads,
        MlpRatio = trunk.MlpRatio,
        ClassToken = !trunk.ClassToken ? ClassToken.None : trunk.NoEmbedClass ? ClassToken.WithoutPosition : ClassToken.WithPosition,
        Pooling = vision.TimmPool == "avg" ? ImagePooling.Mean : ImagePooling.ClassToken,
        PatchBias = !trunk.PreNorm,
        PreNorm = trunk.PreNorm,
    };

    internal sealed record ModelPart
    {
        public int EmbedDim { get; init; } = 512;

        public bool QuickGelu { get; init; }

        public VisionPart VisionCfg { get; init; } = new();

        public TextPart TextCfg { get; init; } = new();
    }

    internal sealed record VisionPart
    {
        public int Layers { get; init; } = 12;

        public int Width { get; init; } = 768;

        public int HeadWidth { get; init; } = 64;

        public double MlpRatio { get; init; } = 4;

        public int PatchSize { get; init; } = 16;

        public int ImageSize { get; init; } = 224;

        public double? LsInitValue { get; init; }

        public bool AttentionalPool { get; init; }

        public bool NoLnPre { get; init; }

        public bool FinalLnAfterPool { get; init; }

        public string PoolType { get; init; } = "tok";

        public ActivationPart? ActKwargs { get; init; }

        public NormPart? NormKwargs { get; init; }

        public string? TimmModelName { get; init; }

        public string TimmPool { get; init; } = "avg";

        public string TimmProj { get; init; } = "linear";

        public bool TimmProjBias { get; init; }

        public TimmPart? TimmModelKwargs { get; init; }
    }

    internal sealed record TimmPart
    {
        public int PatchSize { get; init; }

        public int EmbedDim { get; init; }

        public int Depth { get; init; }

        public int NumHeads { get; init; }

        public double MlpRatio { get; init; } = 4;

        public bool ClassToken { get; init; } = true;

        public bool NoEmbedClass { get; init; }

        public bool PoolIncludePrefix { get; init; }

        public bool PreNorm { get; init; }

        public bool? FcNorm { get; init; }
    }

    internal sealed record TextPart
    {
        public string? TextArch { get; init; }

        public int ContextLength { get; init; } = 77;

        public int VocabSize { get; init; } = 49408;

        public int Width { get; init; } = 512;

        public int Heads { get; init; } = 8;

        public int Layers { get; init; } = 12;

        public double MlpRatio { get; init; } = 4;

        public bool EmbedCls { get; init; }

        public bool NoCausalMask { get; init; }

        public string PoolType { get; init; } = "argmax";

        public bool ProjBias { get; init; }

        public string ProjType { get; init; } = "linear";

        public string? HfModelName { get; init; }

        public string? HfTokenizerName { get; init; }

        public TokenizerPart? TokenizerKwargs { get; init; }

        public int EosId { get; init; } = 2;

        public ActivationPart? ActKwargs { get; init; }

        public NormPart? NormKwargs { get; init; }
    }

    internal sealed record TokenizerPart
    {
        public string? Clean { get; init; }

        public bool StripSepToken { get; init; }
    }

    internal sealed record ActivationPart
    {
        public string? Approximate { get; init; }
    }

    internal sealed record NormPart
    {
        public double? Eps { get; init; }
    }

    internal sealed record PreprocessPart
    {
        public IReadOnlyList<double>? Mean { get; init; }

        public IReadOnlyList<double>? Std { get; init; }

        public string Interpolation { get; init; } = "bicubic";

        public string ResizeMode { get; init; } = "shortest";
    }
}
