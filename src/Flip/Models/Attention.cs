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
        if (width % heads != 0)
        {
            throw new ArgumentException($"Width {width} is no multiple of {heads} heads.", nameof(heads));
        }

        _heads = heads;
        _qkv = new Linear(parameters, $"{name}.qkv", width, 3 * width); // Xavier over the fused kernel, as official FLIP
        _out = new Linear(parameters, $"{name}.out", width, width);
    }

    /// <param name="x"><c>[batch, tokens, width]</c></param>
    /// <param name="mask">True where a query may look at a key, <c>[batch or 1, 1, tokens or 1, tokens]</c>; null for everywhere.</param>
    /// <param name="causal">A token looks at itself and those before it only; not together with a mask.</param>
    public Tensor Forward(Tensor x, Tensor? mask, bool causal)
    {
        var (batch, tokens, width) = (x.shape[0], x.shape[1], x.shape[2]);

        // Cut before the heads are: the backward pass of chunk is one cat, that of an index three filled-up copies of the whole.
        var qkv = _qkv.Forward(x).chunk(3, -1);
        var heads = Array.ConvertAll(qkv, part => part.view(batch, tokens, _heads, -1).transpose(1, 2)); // [batch, heads, tokens, headDim]

        // Scaled by 1/√headDim inside.
        var attended = x.dtype == ScalarType.BFloat16 && x.device.type == DeviceType.CPU
            ? Attend(heads[0], heads[1], heads[2], mask, causal)
            : functional.scaled_dot_product_attention(heads[0], heads[1], heads[2], mask, 0, causal);
        return _out.Forward(attended.transpose(1, 2).reshape(batch, tokens, width));
    }

    /// <summary>
    /// Attention by plain products. libtorch's own CPU kernel is several times slower in its bf16 backward pass unless the
    /// processor has AMX.
    /// </summary>
    internal static Tensor Attend(Tensor query, Tensor key, Tensor value, Tensor? mask, bool causal)
    {
        var (batch, heads, tokens, headDim) = (query.shape[0], query.shape[1], query.shape[2], query.shape[3]);
        Tensor Joined(Tensor x) => x.reshape(batch * heads, tokens, headDim);
        var scores = Joined(query.Times(1 / Math.Sqrt(headDim))).bmm(Joined(key).transpose(1, 2)).view(batch, heads, tokens, tokens);
        if (causal)
        {
            mask = ones(tokens, tokens, ScalarType.Bool, query.device).tril();
        }

        if (mask is not null)
        {
            scores = scores.MinusInfinityWhere(mask.logical_not());
        }

        return scores.softmax(-1).view(batch * heads, tokens, tokens).bmm(Joined(value)).view(batch, heads, tokens, headDim);
    }
}
