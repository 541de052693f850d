namespace Flip.Config;

/// <summary>
/// What a model costs, from its shapes alone. A multiply-add counts as two operations; only matrix products count (projections,
/// MLPs, the two products of attention), the rest is small. Removed patches and tokens cost nothing. The reconstruction decoder
/// is apart, <see cref="OfDecoder"/>. Sizes are what a tower holds, the fixed position table included, as published sizes are counted.
/// </summary>
/// <param name="Image">The image tower, without its projection into the joint embedding.</param>
/// <param name="Text">The text tower, without its projection.</param>
/// <param name="Projections">Both projections into the joint embedding.</param>
public sealed record ModelCost(TowerCost Image, TowerCost Text, TowerCost Projections)
{
    /// <summary>Operations of one pair's forward pass.</summary>
    public double ForwardFlops => Image.ForwardFlops + Text.ForwardFlops + Projections.ForwardFlops;

    /// <summary>Operations of one pair's forward and backward pass: the backward pass has two products for each one.</summary>
    public double TrainingFlops => 3 * ForwardFlops;

    /// <summary>Numbers that the model holds, the logit scale included.</summary>
    public long Parameters => Image.Parameters + Text.Parameters + Projections.Parameters + 1;

    /// <summary>The cost of a model.</summary>
    /// <param name="model">Its shapes.</param>
    /// <param name="imageMaskRatio">Share of patches removed; null takes the model's own.</param>
    /// <param name="textMaskRatio">Share of tokens removed; null takes the model's own.</param>
    /// <param name="vocabularySize">Rows of the token table where the model leaves them to the tokenizer.</param>
    /// <param name="textTokens">Tokens that are computed of a text; null takes all that are kept.</param>
    public static ModelCost Of(
        ModelConfig model, double? imageMaskRatio = null, double? textMaskRatio = null, int vocabularySize = 0, int? textTokens = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (image, text) = (model.Image, model.Text);
        var projections = ((image.Projection ? (long)image.Width : 0) + (text.Projection ? text.Width : 0)) * model.EmbedDim;
        return new ModelCost(
            OfImage(image, imageMaskRatio ?? image.MaskRatio),
            OfText(
                text,
                textTokens ?? MaskRatio.Kept(text.Length, textMaskRatio ?? text.MaskRatio),
                text.VocabularySize > 0 ? text.VocabularySize : vocabularySize),
            new TowerCost(1, projections + (text.ProjectionBias ? model.EmbedDim : 0), 2.0 * projections));
    }

    /// <summary>The cost of the decoder that predicts removed patches; of nothing where there is none.</summary>
    /// <param name="model">Its shapes.</param>
    /// <param name="imageMaskRatio">Share of patches removed; null takes the model's own.</param>
    public static TowerCost OfDecoder(ModelConfig model, double? imageMaskRatio = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        var (image, decoder) = (model.Image, model.Reconstruction);
        if (decoder.Weight == 0)
        {
            return new TowerCost(0, 0, 0);
        }

        var patches = image.PatchCount();
        var kept = MaskRatio.Kept(patches, imageMaskRatio ?? image.MaskRatio);
        var patchValues = 3L * image.PatchSize * image.PatchSize;
        var blocks = Blocks(patches, decoder.Width, decoder.Depth, mlpRatio: 4);
        var (embedding, prediction) = ((long)image.Width * decoder.Width, patchValues * decoder.Width);
        var rows = 2 + NormRows(norm: true); // the embedding's bias, the mask token, the last norm
        return new TowerCost(
            patches,
            embedding + prediction + patchValues + ((long)rows * decoder.Width) + blocks.Parameters,
            (2.0 * kept * embedding) + (2.0 * patches * prediction) + blocks.ForwardFlops);
    }

    private static TowerCost OfImage(ImageConfig image, double maskRatio)
    {
        var classToken = image.ClassTokens();
        var kept = MaskRatio.Kept(image.PatchCount(), maskRatio);
        var patchValues = 3L * image.PatchSize * image.PatchSize;
        var positions = image.PatchCount() + (image.ClassToken == ClassToken.WithPosition ? 1 : 0);
        var parameters = (patchValues + (image.PatchBias ? 1 : 0) + positions + classToken
            + NormRows(image.PreNorm) + NormRows(image.FinalNorm != FinalNorm.None)) * image.Width;
        var blocks = Blocks(kept + classToken, image.Width, image.Depth, image.MlpRatio);
        var pooling = image.Pooling == ImagePooling.Attention ? OfAttentionPooling(image, kept + classToken) : new TowerCost(0, 0, 0);
        return new TowerCost(
            kept + classToken,
            parameters + blocks.Parameters + pooling.Parameters,
            (2.0 * kept * patchValues * image.Width) + blocks.ForwardFlops + pooling.ForwardFlops);
    }

    // Keys and values of all tokens; one query, which is computed once a batch and not counted.
    private static TowerCost OfAttentionPooling(ImageConfig image, int tokens)
    {
        long width = image.Width;
        var mlp = MlpWidth.Of(width, image.MlpRatio);
        var weights = (4 * width * width) + (2 * width * mlp);
        var vectors = (8 * width) + mlp; // the latent, biases of q, k, v, out and the MLP, the LayerNorm's two
        var attention = 2.0 * 2 * tokens * width;
        return new TowerCost(
            tokens, weights + vectors, (2.0 * tokens * 2 * width * width) + attention + (2.0 * ((width * width) + (2 * width * mlp))));
    }

    private static TowerCost OfText(TextConfig text, int kept, int vocabularySize)
    {
        var blocks = Blocks(kept, text.Width, text.Depth, text.MlpRatio);
        var parameters = ((long)vocabularySize + text.Length + NormRows(norm: true)) * text.Width;
        return new TowerCost(kept, parameters + blocks.Parameters, blocks.ForwardFlops);
    }

    // A LayerNorm's scale and bias.
    private static int NormRows(bool norm) => norm ? 2 : 0;

    private static TowerCost Blocks(int tokens, int width, int depth, double mlpRatio)
    {
        var mlp = MlpWidth.Of(width, mlpRatio);
        var weights = (4L * width * width) + (2L * width * mlp); // q, k, v, out and the MLP's two
        var biases = (5L * width) + mlp;
        var norms = 4L * width;
        var attention = 2.0 * 2 * tokens * tokens * width; // queries × keys, then weights × values
        return new TowerCost(tokens, depth * (weights + biases + norms), depth * ((2.0 * tokens * weights) + attention));
    }
}
