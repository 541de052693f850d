using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// The text tower: a Transformer over token ids with learned positions (paper, section 3; causal and end-of-text pooling for
/// CLIP). Removed tokens are gathered away before their embedding is looked up.
/// </summary>
internal sealed class TextTower : IDisposable
{
    private readonly TextConfig _config;
    private readonly FlatParameters _parameters;
    private readonly LookupTable _tokenEmbedding;
    private readonly LookupTable _positions;
    private readonly TransformerBlock[] _blocks;
    private readonly LayerNorm _finalNorm;

    public TextTower(FlatParameters parameters, ModelConfig model)
    {
        var config = model.Text;
        _config = config;
        _parameters = parameters;
        if (config.VocabularySize < 1)
        {
            throw new ArgumentException("The text tower needs a vocabulary size; 0 is to be replaced by the tokenizer's.", nameof(model));
        }

        // fp32: looked up, not multiplied, and its gradient is a sum over many rows.
        _tokenEmbedding = new LookupTable(parameters.Add(
            "text.tokenEmbedding", [config.VocabularySize, config.Width], Initializer.Normal(0.02), decays: true, keepsFp32: true));
        _positions = new LookupTable(parameters.Add(
            "text.positions", [config.Length, config.Width], Initializer.Normal(0.02), decays: false, keepsFp32: true));
        _blocks = TransformerBlock.Stack(parameters, "text", config.Depth, config.Width, config.Heads, config.MlpRatio, model.TextBlocks());
        _finalNorm = new LayerNorm(parameters, "text.finalNorm", config.Width, model.TextBlocks().LayerNormEps);
    }

    /// <summary>Where the blocks are written that the backward pass computes again; null for none.</summary>
    public BlockTape? Tape { get; set; }

    /// <summary>All tokens after the last block, before the final LayerNorm.</summary>
    /// <param name="tokens">int64 ids, <c>[batch, length]</c>.</param>
    /// <param name="lengths">int64 valid tokens of each row, <c>[batch]</c>; used where padding is masked.</param>
    /// <param name="idsKeep">int64 kept positions, ascending, <c>[batch, kept]</c>; null for all.</param>
    /// <param name="padded">False if no kept token is padding, so that no mask is needed where padding is masked.</param>
    /// <returns><c>[batch, kept, width]</c></returns>
    public Tensor Tokens(Tensor tokens, Tensor lengths, Tensor? idsKeep, bool padded = true)
    {
        using var scope = NewDisposeScope();
        var (batch, length) = (tokens.shape[0], tokens.shape[1]);
        if (length > _config.Length)
        {
            throw new ArgumentException($"Rows of {length} tokens; the tower has {_config.Length} positions.", nameof(tokens));
        }

        var ids = idsKeep is null ? tokens : tokens.gather(1, idsKeep);
        var kept = ids.shape[1];
        var positions = idsKeep is null
            ? _positions.Parameter.Value.narrow(0, 0, length)
            : _positions.Rows(idsKeep);
        var x = _tokenEmbedding.Rows(ids).Plus(positions);
        x = x.to(_parameters.ComputeType);

        var mask = padded ? AttentionMask(lengths, idsKeep, kept) : null;
        return BlockTape.Forward(Tape, _blocks, x, mask, _config.Causal).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _tokenEmbedding.Dispose();
        _positions.Dispose();
    }

    /// <summary>The final LayerNorm, token by token; so only what is pooled need pass through it.</summary>
    public Tensor Normalize(Tensor tokens) => _finalNorm.Forward(tokens);

    /// <summary>One normalised feature of a caption's tokens, <c>[batch, width]</c>.</summary>
    /// <param name="tokens">The tokens' outputs, <c>[batch, kept, width]</c>.</param>
    /// <param name="ids">int64 ids of all tokens, <c>[batch, length]</c>.</param>
    /// <param name="lengths">int64 valid tokens of each row, <c>[batch]</c>.</param>
    /// <param name="idsKeep">int64 kept positions, ascending, <c>[batch, kept]</c>; null for all.</param>
    public Tensor Pool(Tensor tokens, Tensor ids, Tensor lengths, Tensor? idsKeep)
    {
        if (_config.Pooling == TextPooling.FirstToken)
        {
            return Normalize(tokens.select(1, 0));
        }

        if (_config.Pooling == TextPooling.LastToken)
        {
            return Normalize(tokens.select(1, tokens.shape[1] - 1)); // the last position is always kept
        }

        var (batch, kept, width) = (tokens.shape[0], tokens.shape[1], tokens.shape[2]);
        if (_config.Pooling == TextPooling.EndOfText)
        {
            var keptIds = idsKeep is null ? ids : ids.gather(1, idsKeep);
            var end = PooledToken.Positions(_config, keptIds, ValidKept(lengths, idsKeep, kept)).view(batch, 1, 1).expand(batch, 1, width);
            return Normalize(tokens.gather(1, end).select(1, 0));
        }

        // Position 0 is always kept and stands for an empty caption: a feature of zeros has no direction, and its gradient is not finite.
        var weights = ValidKept(lengths.AtLeast(1), idsKeep, kept).to(tokens.dtype).unsqueeze(2);
        return (Normalize(tokens) * weights).sum([1]) / weights.sum([1]);
    }

    /// <summary>True where a kept position holds a valid token, <c>[batch, kept]</c>.</summary>
    private static Tensor ValidKept(Tensor lengths, Tensor? idsKeep, long kept) =>
        (idsKeep ?? TensorMath.Range(kept, lengths.device).unsqueeze(0)).lt(lengths.unsqueeze(1));

    /// <summary>
    /// Null where every token may look everywhere, or only at those before it: no feature is read behind the padding, so the causal rule
    /// hides it by itself. Position 0 stays visible: an empty caption must not leave a softmax over nothing.
    /// </summary>
    private Tensor? AttentionMask(Tensor lengths, Tensor? idsKeep, long kept) => _config.AttendPadding || _config.Causal
        ? null
        : ValidKept(lengths.AtLeast(1), idsKeep, kept).unsqueeze(1).unsqueeze(1); // [batch, 1, 1, kept]
}
