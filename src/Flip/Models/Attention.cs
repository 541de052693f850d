using TorchSharp;
using static TorchSharp.torch;
using static TorchSharp.torch.nn;

namespace Flip.Models;

/// <summary>Multi-head self-attention with one fused product for query, key and value.</summary>
internal sealed class Attention
{
    private readonly int _heads;
    private readonly Linear _qkv;
    private readonly Linear _out;

    public Attention(FlatParameters parameters, string name, long width, int heads)
    {
        RequireWhole(width, heads);
        _heads = heads;
        _qkv = new Linear(parameters, $"{name}.qkv", width, 3 * width); // Xavier over the fused kernel, as official FLIP
        _out = new Linear(parameters, $"{name}.out", width, width);
    }

    /// <param name="x"><c>[batch, tokens, width]</c></param>
    /// <param name="mask">True where a query may look at a key, <c>[batch or 1, 1, tokens or 1, tokens]</c>; null for everywhere.</param>
    /// <param name="causal">A token looks at itself and those before it only; not together with a mask.</param>
    /// <param name="before">Keys and values of the tokens before these, which the new ones join: a decoder's, token by token; null for none.</param>
    public Tensor Forward(Tensor x, Tensor? mask, bool causal, KeyValues? before = null)
    {
        // Cut before the heads are: the backward pass of chunk is one cat, that of an index three filled-up copies of the whole.
        var qkv = _qkv.Forward(x).chunk(3, -1);
        var (query, key, value) = (Divide(qkv[0], _heads), Divide(qkv[1], _heads), Divide(qkv[2], _heads));
        if (before is not null)
        {
            (key, value) = before.Append(key, value);
        }

        return _out.Forward(Unite(Weigh(query, key, value, mask, causal)));
    }

    /// <summary>The heads of tokens: <c>[batch, tokens, width]</c> to <c>[batch, heads, tokens, headDim]</c>.</summary>
    internal static Tensor Divide(Tensor x, int heads) => x.view(x.shape[0], x.shape[1], heads, -1).transpose(1, 2);

    /// <summary>The tokens of heads: <c>[batch, heads, tokens, headDim]</c> to <c>[batch, tokens, width]</c>.</summary>
    internal static Tensor Unite(Tensor heads) => heads.transpose(1, 2).reshape(heads.shape[0], heads.shape[2], -1);

    /// <exception cref="ArgumentException">The heads do not divide the width.</exception>
    internal static void RequireWhole(long width, int heads)
    {
        if (width % heads != 0)
        {
            throw new ArgumentException($"Width {width} is no multiple of {heads} heads.", nameof(heads));
        }
    }

    /// <summary>Values weighted by the softmax of query · key / √headDim, by what is fastest where they are.</summary>
    /// <param name="query"><c>[batch, heads, queries, headDim]</c></param>
    /// <param name="key"><c>[batch, heads, keys, headDim]</c></param>
    /// <param name="value"><c>[batch, heads, keys, headDim]</c></param>
    /// <param name="mask">See <see cref="Forward"/>.</param>
    /// <param name="causal">See <see cref="Forward"/>; of as many queries as keys.</param>
    internal static Tensor Weigh(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal) =>
        query.dtype == ScalarType.BFloat16 && query.device.type == DeviceType.CPU
            ? Attend(query, key, value, mask, causal)
            : functional.scaled_dot_product_attention(query, key, value, mask, 0, causal);

    /// <summary>
    /// Attention by plain products. libtorch's own CPU kernel is several times slower in its bf16 backward pass unless the
    /// processor has AMX.
    /// </summary>
    /// <inheritdoc cref="Weigh"/>
    internal static Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal)
    {
        var (batch, heads, queries, headDim) = (query.shape[0], query.shape[1], query.shape[2], query.shape[3]);
        var keys = key.shape[2];
        Tensor Joined(Tensor x) => x.reshape(batch * heads, x.shape[2], headDim);
        var scores = Joined(query.Times(1 / Math.Sqrt(headDim))).bmm(Joined(key).transpose(1, 2)).view(batch, heads, queries, keys);
        if (causal)
        {
            mask = ones(queries, keys, ScalarType.Bool, query.device).tril();
        }

        if (mask is not null)
        {
            scores = scores.MinusInfinityWhere(mask.logical_not());
        }

        return scores.softmax(-1).view(batch * heads, queries, keys).bmm(Joined(value)).view(batch, heads, queries, headDim);
    }
}
