using Flip.Config;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Models;

/// <summary>
/// A learned query that looks at all tokens of an image and becomes its feature (SigLIP): multi-head attention of one query, then x + MLP(LN(x)). Sizes,
/// heads and activation are the tower's.
/// </summary>
internal sealed class AttentionPooling
{
    /// <summary>What the names of its parameters begin with.</summary>
    public const string Prefix = "image.pooling";

    private readonly int _heads;
    private readonly Parameter _latent;
    private readonly Parameter _weight;
    private readonly Parameter _bias;
    private readonly Linear _out;
    private readonly LayerNorm _norm;
    private readonly Mlp _mlp;

    public AttentionPooling(FlatParameters parameters, ImageConfig config, BlockKind kind)
    {
        Attention.RequireWhole(config.Width, config.Heads);
        long width = config.Width;
        _heads = config.Heads;

        // It is no product's matrix, so it does not decay, as in SigLIP's own training.
        _latent = parameters.Add($"{Prefix}.latent", [width], Initializer.Normal(1 / Math.Sqrt(width)), decays: false, keepsFp32: true);

        // One matrix for query, key and value, as in a block; the query's rows meet the latent alone.
        _weight = parameters.Add($"{Prefix}.attention.qkv.weight", [3 * width, width], Initializer.XavierUniform(width, width), decays: true);
        _bias = parameters.Add($"{Prefix}.attention.qkv.bias", [3 * width], Initializer.Constant(0), decays: false);
        _out = new Linear(parameters, $"{Prefix}.attention.out", width, width);
        _norm = new LayerNorm(parameters, $"{Prefix}.norm", width, kind.LayerNormEps);
        _mlp = new Mlp(parameters, $"{Prefix}.mlp", width, config.MlpRatio, kind.Activation);
    }

    /// <param name="tokens"><c>[batch, tokens, width]</c></param>
    /// <returns><c>[batch, width]</c></returns>
    public Tensor Forward(Tensor tokens)
    {
        using var scope = NewDisposeScope();
        var (batch, width) = (tokens.shape[0], tokens.shape[2]);
        var latent = _latent.Value.to(tokens.dtype).view(1, 1, width);
        var query = functional.linear(latent, _weight.Value.narrow(0, 0, width), _bias.Value.narrow(0, 0, width));
        var rows = LinearProduct.Of(tokens.flatten(0, 1), _weight.Value.narrow(0, width, 2 * width), _bias.Value.narrow(0, width, 2 * width));
        var keyValue = rows.view(batch, -1, 2 * width).chunk(2, -1);
        var weighed = Attention.Weigh(
            Attention.Divide(query.expand(batch, 1, width), _heads),
            Attention.Divide(keyValue[0], _heads),
            Attention.Divide(keyValue[1], _heads),
            mask: null,
            causal: false);
        var x = _out.Forward(Attention.Unite(weighed).select(1, 0));
        return x.Plus(_mlp.Forward(_norm.Forward(x))).MoveToOuterDisposeScope();
    }
}
