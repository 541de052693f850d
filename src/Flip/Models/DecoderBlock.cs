using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// Pre-norm block of a decoder: x + Attention(LN(x)) over the tokens before, then x + CrossAttention(LN(x)) over what it tells of, then
/// x + MLP(LN(x)).
/// </summary>
internal sealed class DecoderBlock
{
    private readonly int _heads;
    private readonly LayerNorm _norm1;
    private readonly Attention _attention;
    private readonly LayerNorm _norm2;
    private readonly Linear _query;
    private readonly Linear _keyValue;
    private readonly Linear _out;
    private readonly LayerNorm _norm3;
    private readonly Mlp _mlp;

    public DecoderBlock(FlatParameters parameters, string name, long width, int heads, double mlpRatio, BlockKind kind)
    {
        _heads = heads;
        _norm1 = new LayerNorm(parameters, $"{name}.norm1", width, kind.LayerNormEps);
        _attention = new Attention(parameters, $"{name}.attention", width, heads);
        _norm2 = new LayerNorm(parameters, $"{name}.norm2", width, kind.LayerNormEps);
        _query = new Linear(parameters, $"{name}.crossAttention.query", width, width);
        _keyValue = new Linear(parameters, $"{name}.crossAttention.keyValue", width, 2 * width);
        _out = new Linear(parameters, $"{name}.crossAttention.out", width, width);
        _norm3 = new LayerNorm(parameters, $"{name}.norm3", width, kind.LayerNormEps);
        _mlp = new Mlp(parameters, $"{name}.mlp", width, mlpRatio, kind.Activation);
    }

    /// <summary>Keys and values of what is told of, once for all tokens.</summary>
    /// <param name="memory"><c>[items, places, width]</c></param>
    /// <returns><c>[items, heads, places, headDim]</c> each.</returns>
    public (Tensor Key, Tensor Value) Remember(Tensor memory)
    {
        var parts = _keyValue.Forward(memory).chunk(2, -1);
        return (Attention.Divide(parts[0], _heads), Attention.Divide(parts[1], _heads));
    }

    /// <summary>All tokens at once, each of which sees itself and those before; or the next one of each row.</summary>
    /// <param name="x"><c>[items × beams, tokens, width]</c>; the beams of an item stand together.</param>
    /// <param name="memory">From <see cref="Remember"/>.</param>
    /// <param name="before">Of the tokens before, where <paramref name="x"/> is one token a row; null where it is all of them.</param>
    public Tensor Forward(Tensor x, (Tensor Key, Tensor Value) memory, KeyValues? before)
    {
        using var scope = NewDisposeScope();
        x = x.Plus(_attention.Forward(_norm1.Forward(x), null, causal: before is null, before));
        x = x.Plus(Look(_norm2.Forward(x), memory));
        return x.Plus(_mlp.Forward(_norm3.Forward(x))).MoveToOuterDisposeScope();
    }

    /// <summary>Attention to the memory. The beams of an item look at the same places, so they are queries of one product: nothing is copied for them.</summary>
    private Tensor Look(Tensor x, (Tensor Key, Tensor Value) memory)
    {
        var query = _query.Forward(x).view(memory.Key.shape[0], -1, x.shape[2]);
        var attended = Attention.Unite(Attention.Weigh(Attention.Divide(query, _heads), memory.Key, memory.Value, null, causal: false));
        return _out.Forward(attended.view(x.shape));
    }
}
