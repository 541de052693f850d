namespace Flip.Config;

/// <summary>
/// The named recipes. <c>flip-*</c> are the paper's final models (mask 50 %, batch 64k, 32 epochs of LAION-400M);
/// <c>-code</c> marks the variant of the official release, with a class token inside the mean, TensorFlow Text's normalization
/// and one unused row in the token table; <c>-openclip</c> has CLIP's own towers, so that what is trained opens in other libraries;
/// <c>clip-*</c> are the paper's unmasked baselines. The small ones are for CPUs.
/// Each states its command, its cost and its expected score.
/// </summary>
public static class Presets
{
    private const string OpenClipSuffix = "-openclip";
    private const string Measured = "measured scores in docs/results.md";
    private const string NotMeasured = "no score is published for this recipe";

    /// <summary>All presets.</summary>
    public static IReadOnlyList<Preset> All { get; } =
    [
        .. Paper("b16", "ViT-B/16", new FlipConfig().Model, "68.0"),
        .. Paper("l16", "ViT-L/16", Large(16), "74.3"),
        .. Paper("l14", "ViT-L/14", Large(14), "74.6"),
        .. Paper("h14", "ViT-H/14", Huge(), "75.5"),
        new("tiny", "64-pixel scenes on a CPU in minutes, vocabulary learned", Measured, Tiny()),
        new("small", "112-pixel photos on a CPU, such as Flickr8k, vocabulary learned", Measured, Small()),
        new("small-64", "64-pixel labelled photos on a CPU, such as Tiny ImageNet, vocabulary learned", Measured, Small64()),
    ];

    /// <summary>The preset of a name.</summary>
    /// <exception cref="ConfigException">There is none; the message suggests the nearest.</exception>
    public static Preset Get(string name)
    {
        ArgumentNullException.ThrowIfNull(name);
        var names = All.Select(preset => preset.Name).ToList();
        return All.FirstOrDefault(preset => preset.Name == name) ?? throw new ConfigException(
            $"preset = {name}: no such preset; did you mean {SettingCatalog.Nearest(name, names)}? There are {string.Join(", ", names)}");
    }

    /// <summary>The preset's sister with CLIP's own towers, which other libraries open.</summary>
    /// <exception cref="ConfigException">It has none.</exception>
    public static Preset ForOthers(string name)
    {
        var preset = Get(name);
        return preset.Name.EndsWith(OpenClipSuffix, StringComparison.Ordinal) ? preset
            : All.FirstOrDefault(sister => sister.Name == preset.Name + OpenClipSuffix) ?? throw new ConfigException(
                $"preset = {name}: has no sister with CLIP's towers, which other libraries open. There are "
                + string.Join(", ", All.Select(sister => sister.Name).Where(sister => sister.EndsWith(OpenClipSuffix, StringComparison.Ordinal))));
    }

    private static IEnumerable<Preset> Paper(string suffix, string tower, ModelConfig model, string score)
    {
        var paper = FlipRecipe(model);
        var published = $"paper: {score} % ImageNet zero-shot after 32 epochs of LAION-400M";
        yield return new($"flip-{suffix}", $"FLIP {tower} as in the paper", published, paper);
        yield return new($"flip-{suffix}-code", $"FLIP {tower} as in the official release", published, OfficialVariant(paper));
        yield return new($"flip-{suffix}{OpenClipSuffix}", $"CLIP {tower} trained by FLIP, for open_clip and transformers", NotMeasured, ClipVariant(paper));
        yield return new(
            $"clip-{suffix}",
            $"{tower} without masking, the paper's baseline",
            suffix == "l16" ? "paper: 68.6 % ImageNet zero-shot after 6.4 epochs of LAION-400M" : NotMeasured,
            WithoutMasking(paper));
    }

    // LAION-400M, 32 epochs; the learning rate 4e-6 × 65536 / 256 is 1.024e-3. H/14 warms up five times as long (appendix).
    private static FlipConfig FlipRecipe(ModelConfig model) => new()
    {
        Model = model with { Text = model.Text with { VocabularySize = 30522 } },
        Data = new() { LearnedVocabularySize = 30522 },
        Train = new()
        {
            Samples = Duration.OfSamples(12.8e9),
            BatchSize = 65536,
            BaseLearningRate = 4e-6,
            Warmup = Duration.OfSamples(model.Image.Width >= 1280 ? 256e6 : 51.2e6),
        },
    };

    private static FlipConfig OfficialVariant(FlipConfig paper) => paper with
    {
        Model = paper.Model with
        {
            Image = paper.Model.Image with { ClassToken = ClassToken.WithoutPosition },
            Text = paper.Model.Text with { VocabularySize = 30523 },
        },
        Data = paper.Data with { WordPieceVariant = WordPieceVariant.TfText },
    };

    // CLIP's towers as open_clip has them: class token, LayerNorm before the first block, causal text, byte-pair encoding of 77 tokens.
    private static FlipConfig ClipVariant(FlipConfig paper) => paper with
    {
        Model = paper.Model with
        {
            Image = paper.Model.Image with
            {
                ClassToken = ClassToken.WithPosition,
                Positions = ImagePositions.Learned,
                Pooling = ImagePooling.ClassToken,
                PatchBias = false,
                PreNorm = true,
                Normalization = PixelNormalization.Clip,
            },
            Text = paper.Model.Text with { VocabularySize = 49408, Length = 77, Causal = true, Pooling = TextPooling.EndOfText },
            Activation = Activation.Gelu,
            LayerNormEps = 1e-5,
            LogitScaleClamp = LogitScaleClamp.Parameter,
        },
        Data = paper.Data with { Tokenizer = TokenizerKind.ClipBpe },
        Eval = paper.Eval with { Transform = EvalTransform.Clip },
    };

    // Table 1: a batch of 16k without masking; all else is the recipe of the masked models.
    private static FlipConfig WithoutMasking(FlipConfig paper) => paper with
    {
        Model = paper.Model with { Image = paper.Model.Image with { MaskRatio = 0 } },
        Train = paper.Train with { BatchSize = 16384 },
    };

    private static ModelConfig Large(int patchSize) => new()
    {
        Image = new() { PatchSize = patchSize, Width = 1024, Depth = 24, Heads = 16 },
        Text = new() { Width = 768, Depth = 12, Heads = 12 },
        EmbedDim = 768,
    };

    private static ModelConfig Huge() => new()
    {
        Image = new() { PatchSize = 14, Width = 1280, Depth = 32, Heads = 16 },
        Text = new() { Width = 1024, Depth = 24, Heads = 16 },
        EmbedDim = 1024,
    };

    private static FlipConfig Tiny() => new()
    {
        Model = new()
        {
            Image = new() { ImageSize = 64, PatchSize = 8, Width = 128, Depth = 4, Heads = 4 },
            Text = new() { Length = 16, Width = 128, Depth = 2, Heads = 4 },
            EmbedDim = 128,
            Reconstruction = SmallDecoder,
        },
        Data = new() { LearnedVocabularySize = 2000 },
        Train = SmallTraining(Duration.OfSamples(60_000), 3e-3),
    };

    private static FlipConfig Small() => new()
    {
        Model = new()
        {
            Image = new() { ImageSize = 112, PatchSize = 14, Width = 192, Depth = 6, Heads = 3 },
            Text = new() { Length = 32, Width = 192, Depth = 3, Heads = 3 },
            EmbedDim = 192,
            Reconstruction = SmallDecoder,
        },
        Train = SmallTraining(Duration.OfEpochs(30), 2e-3),
    };

    private static FlipConfig Small64()
    {
        var small = Small();
        return small with
        {
            Model = small.Model with
            {
                Image = small.Model.Image with { ImageSize = 64, PatchSize = 8 },
                Text = small.Model.Text with { Length = 16 },
            },
        };
    }

    // Narrower and shallower than the tower, as MAE's is than a ViT-L; its own width would take ten times what a small tower takes.
    private static ReconstructionConfig SmallDecoder => new() { Width = 96, Depth = 1, Heads = 3 };

    // On few samples more steps help more than a larger contrast; the gradient is clipped against the noise of small batches.
    private static TrainConfig SmallTraining(Duration samples, double baseLearningRate) => new()
    {
        Samples = samples,
        BatchSize = 128,
        BaseLearningRate = baseLearningRate,
        Warmup = Duration.OfPercent(5),
        GradientClip = 1,
    };
}
