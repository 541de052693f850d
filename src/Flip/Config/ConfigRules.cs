using System.Globalization;

namespace Flip.Config;

/// <summary>What the settings of <see cref="FlipConfig"/> ask of each other.</summary>
internal static class ConfigRules
{
    private const string NoMlp = "leaves the MLP a width beyond 1 to 2147483647 with";
    private static readonly IReadOnlyList<SettingRule<FlipConfig>> Rules = [.. SizeRules(), .. ImageRules(), .. TextRules(), .. DataRules(), .. TrainRules()];

    /// <summary>The broken rules, leaving out those that read one of <paramref name="badKeys"/>, which are reported already.</summary>
    public static IEnumerable<string> Problems(FlipConfig config, IReadOnlySet<string> badKeys) =>
        SettingRule<FlipConfig>.Problems(Rules, SettingCatalog.Flip, config, badKeys);

    /// <summary>The broken ones of the rules that bound what a model takes.</summary>
    public static IEnumerable<string> SizeProblems(FlipConfig config, IReadOnlySet<string> badKeys) =>
        SettingRule<FlipConfig>.Problems(SizeRules(), SettingCatalog.Flip, config, badKeys);

    private static IEnumerable<SettingRule<FlipConfig>> SizeRules()
    {
        const string image = "model.image.";
        const string text = "model.text.";
        yield return new(
            [image + "imageSize", image + "patchSize"],
            c => (long)c.Model.Image.GridSize() * c.Model.Image.GridSize() is var patches && patches <= Limits.Patches ? null : string.Create(
                CultureInfo.InvariantCulture,
                $"makes {patches:N0} patches of {c.Model.Image.PatchSize} pixels (model.image.patchSize), and at most {Limits.Patches:N0} are possible"));
        yield return new(
            [
                image + "width", image + "depth", image + "mlpRatio", image + "imageSize", image + "patchSize",
                text + "width", text + "depth", text + "mlpRatio", text + "length", text + "vocabularySize", "model.embedDim",
            ],
            c => ModelCost.Of(c.Model).Parameters is var count && count <= Limits.Parameters ? null : string.Create(
                CultureInfo.InvariantCulture,
                $"with the other sizes makes a model of {count:N0} parameters, and at most {Limits.Parameters:N0} are possible: look at width, depth and mlpRatio of both towers"));
    }

    private static IEnumerable<SettingRule<FlipConfig>> ImageRules()
    {
        const string image = "model.image.";
        const string decoder = "model.reconstruction.";
        yield return new(
            [image + "imageSize", image + "patchSize", image + "positions"],
            c => Unless(
                c.Model.Image.ImageSize % c.Model.Image.PatchSize == 0 || (c.Model.Image.Positions == ImagePositions.Learned && c.Model.Image.GridSize() > 0),
                c, "must be a multiple of", image + "patchSize"));
        yield return new(
            [image + "width", image + "heads"],
            c => Unless(c.Model.Image.Width % c.Model.Image.Heads == 0, c, "must be a multiple of", image + "heads"));
        yield return new(
            [image + "width", image + "positions"],
            c => Unless(
                c.Model.Image.Positions != ImagePositions.SinCos || c.Model.Image.Width % 4 == 0,
                c, "must be a multiple of 4 with", image + "positions"));
        yield return new(
            [image + "mlpRatio", image + "width"],
            c => Unless(HasMlp(c.Model.Image.Width, c.Model.Image.MlpRatio), c, NoMlp, image + "width"));
        yield return new(
            [image + "pooling", image + "classToken"],
            c => Unless(
                c.Model.Image.Pooling != ImagePooling.ClassToken || c.Model.Image.ClassToken != ClassToken.None,
                c, "needs a class token, not", image + "classToken"));
        yield return new(
            [image + "pooling", image + "classToken"],
            c => Unless(
                c.Model.Image.Pooling != ImagePooling.PatchMean || c.Model.Image.ClassToken != ClassToken.None,
                c, "leaves out a class token; without one it is mean, with", image + "classToken"));
        yield return new(
            [image + "finalNorm", image + "pooling"],
            c => Unless(
                c.Model.Image.FinalNorm != FinalNorm.AfterPooling || c.Model.Image.Pooling != ImagePooling.ClassToken,
                c, "is the same as beforePooling, and is called so, with", image + "pooling"));
        yield return new(
            [image + "finalNorm", image + "pooling"],
            c => Unless(
                c.Model.Image.FinalNorm != FinalNorm.AfterPooling || c.Model.Image.Pooling != ImagePooling.Attention,
                c, "is not what attention pools by, which has a LayerNorm of its own behind it, with", image + "pooling"));
        yield return new(
            [image + "projection", image + "width", "model.embedDim"],
            c => Unless(
                c.Model.Image.Projection || c.Model.Image.Width == c.Model.EmbedDim,
                c, $"needs a width of {c.Model.EmbedDim} (model.embedDim), not", image + "width"));
        yield return new(
            [decoder + "weight", image + "finalNorm"],
            c => Unless(
                !Reconstructs(c) || c.Model.Image.FinalNorm == FinalNorm.BeforePooling,
                c, "needs the patches' normalised outputs (beforePooling), not", image + "finalNorm"));
        yield return new(
            [image + "maskRatio", image + "imageSize", image + "patchSize"],
            c => KeepsPatch(c.Model.Image, c.Model.Image.MaskRatio));
        yield return new(
            [image + "finalMaskRatio", image + "imageSize", image + "patchSize"],
            c => KeepsPatch(c.Model.Image, c.Model.Image.FinalMaskRatio ?? 0));
        yield return new(
            [decoder + "width", decoder + "heads", decoder + "weight"],
            c => Unless(
                !Reconstructs(c) || c.Model.Reconstruction.Width % c.Model.Reconstruction.Heads == 0,
                c, "must be a multiple of", decoder + "heads"));
        yield return new(
            [decoder + "width", decoder + "weight"],
            c => Reconstructs(c) && c.Model.Reconstruction.Width % 4 != 0
                ? "must be a multiple of 4, for the decoder's sin-cos positions"
                : null);
        yield return new(
            [decoder + "weight", image + "maskRatio", image + "finalMaskRatio"],
            c => Unless(
                !Reconstructs(c) || c.Model.Image.MaskRatio > 0 || c.Model.Image.FinalMaskRatio > 0,
                c, "has no removed patches to reconstruct with", image + "maskRatio"));
    }

    private static IEnumerable<SettingRule<FlipConfig>> TextRules()
    {
        const string text = "model.text.";
        yield return new(
            [text + "width", text + "heads"],
            c => Unless(c.Model.Text.Width % c.Model.Text.Heads == 0, c, "must be a multiple of", text + "heads"));
        yield return new(
            [text + "mlpRatio", text + "width"],
            c => Unless(HasMlp(c.Model.Text.Width, c.Model.Text.MlpRatio), c, NoMlp, text + "width"));
        yield return new(
            [text + "projection", text + "width", "model.embedDim"],
            c => Unless(
                c.Model.Text.Projection || c.Model.Text.Width == c.Model.EmbedDim,
                c, $"needs a width of {c.Model.EmbedDim} (model.embedDim), not", text + "width"));
        yield return new(
            [text + "projectionBias", text + "projection"],
            c => Unless(c.Model.Text.Projection || !c.Model.Text.ProjectionBias, c, "is of a projection, which there is none of with", text + "projection"));
        yield return new(
            [text + "maskRatio", text + "length"],
            c => Unless(MaskRatio.Kept(c.Model.Text.Length, c.Model.Text.MaskRatio) >= 1, c, "must leave at least one token of", text + "length"));
        yield return new(
            [text + "length", "data.tokenizer", "data.wordPieceMarkers"],
            c => Unless(
                c.Model.Text.Length >= 2 || c.Data.Tokenizer != TokenizerKind.ClipBpe,
                c, "must be at least 2, for the two markers of", "data.tokenizer")
                ?? Unless(
                    c.Model.Text.Length >= 2 || c.Data.WordPieceMarkers is null or WordPieceMarkers.None,
                    c, "must be at least 2, for the markers of", "data.wordPieceMarkers"));
        yield return new(
            [text + "pooling", text + "causal"],
            c => Unless(
                c.Model.Text.Pooling != TextPooling.FirstToken || !c.Model.Text.Causal,
                c, "would see the first word alone with", text + "causal"));
        yield return new(
            [text + "pooling", "data.tokenizer", "data.wordPieceMarkers"],
            c => Unless(
                c.Model.Text.Pooling != TextPooling.EndOfText || c.Data.Tokenizer is TokenizerKind.ClipBpe or TokenizerKind.SentencePiece || c.Data.WordPieceMarkers == WordPieceMarkers.ClsSep,
                c, "needs clipBpe, whose rows end in a marker, not", "data.tokenizer"));
        yield return new(
            [text + "pooling", text + "attendPadding"],
            c => Unless(
                c.Model.Text.Pooling != TextPooling.LastToken || c.Model.Text.AttendPadding,
                c, "reads a position that may be padding, so padding cannot be masked by", text + "attendPadding"));
    }

    private static IEnumerable<SettingRule<FlipConfig>> DataRules()
    {
        yield return new(
            ["eval.interpolation", "eval.transform"],
            c => Unless(
                c.Eval.Interpolation == Interpolation.Bicubic || c.Eval.Transform != EvalTransform.FlipTensorFlow,
                c, "has no meaning with TensorFlow's bicubic resize,", "eval.transform"));
        yield return new(["data.mixture", "data.train"], c => c.Data.Mixture.Count == 0 ? null
            : c.Data.Train is not null ? "takes the place of data.train; name one of them"
            : Problem(c.Data.Mixture, Weighted.Source) ?? (c.Data.Mixture.Select(text => Weighted.Source(text).IsPasses).Distinct().Count() == 1
                ? null : "has weights and passes (x2=...) together; write all sources alike"));
        yield return new(["data.curriculum", "data.mixture"], c => c.Data.Curriculum.Count == 0 ? null
            : Problem(c.Data.Curriculum, CurriculumStep.Parse) ?? (c.Data.Curriculum.All(text => CurriculumStep.Parse(text).Weights.Count == c.Data.Mixture.Count)
                ? null : $"needs a weight for each of the {c.Data.Mixture.Count} sources of data.mixture"));
        yield return new(["data.captions"], c => Problem(c.Data.Captions, Weighted.Field));
        yield return new(["eval.every"], c => c.Eval.Every is not { Value: <= 0 } ? null : "must be above 0, or null");
    }

    private static IEnumerable<SettingRule<FlipConfig>> TrainRules() =>
    [
        new(
            ["train.batchSize"],
            c => c.Train.BatchSize > 1 ? null : "must be at least 2: a pair alone is contrasted with nothing, and its loss is always 0"),
        new(
            ["train.spikeAction", "train.spikeFactor", "model.image.maskRatio", "model.image.finalMaskRatio"],
            c => c.Train is { SpikeFactor: > 0, SpikeAction: SpikeAction.Rollback } && c.Model.Image.FinalMaskRatio is { } final && final != c.Model.Image.MaskRatio
                ? "needs one mask ratio for the whole training, since the samples behind a spike come earlier in it, not " + SettingCatalog.Flip.Shown("model.image.finalMaskRatio", c)
                : null),
        .. OptimizationRules.Of<FlipConfig>(SettingCatalog.Flip, "train.", c => c.Train),
    ];

    /// <summary>What is wrong with the first text that cannot be parsed; null where all can.</summary>
    private static string? Problem<T>(IEnumerable<string> texts, Func<string, T> parse)
    {
        try
        {
            foreach (var text in texts)
            {
                parse(text);
            }

            return null;
        }
        catch (FormatException e)
        {
            return e.Message;
        }
    }

    private static string? KeepsPatch(ImageConfig image, double ratio)
    {
        var side = (long)image.GridSize();
        return side == 0 || MaskRatio.Kept((int)Math.Min(side * side, int.MaxValue), ratio) >= 1
            ? null
            : string.Create(
                CultureInfo.InvariantCulture,
                $"must leave at least one of {side * side} patches ({image.ImageSize} / {image.PatchSize} squared)");
    }

    private static bool HasMlp(int width, double ratio) => width * ratio is >= 1 and <= int.MaxValue;

    private static bool Reconstructs(FlipConfig config) => config.Model.Reconstruction.Weight > 0;

    private static string? Unless(bool kept, FlipConfig config, string demand, string otherKey) =>
        kept ? null : $"{demand} {SettingCatalog.Flip.Shown(otherKey, config)}";
}
