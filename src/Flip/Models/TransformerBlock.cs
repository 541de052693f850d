using Flip.Config;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>Pre-norm block: x + Attention(LN(x)), then x + MLP(LN(x)).</summary>
internal sealed class TransformerBlock(
    FlatParameters parameters, string name, long width, int heads, double mlpRatio, BlockKind kind)
{
    private readonly LayerNorm _norm1 = new(parameters, $"{name}.norm1", width, kind.LayerNormEps);
    private readonly Attention _attention = new(parameters, $"{name}.attention", width, heads);
    private readonly LayerNorm _norm2 = new(parameters, $"{name}.norm2", width, kind.LayerNormEps);
    private readonly Mlp _mlp = new(parameters, $"{name}.mlp", width, mlpRatio, kind.Activation);

    /// <summary>All weights of the block.</summary>
    public IReadOnlyList<Parameter> Parameters { get; private set; } = [];

    /// <param name="x"><c>[batch, tokens, width]</c></param>
    /// <param name="mask">See <see cref="Attention.Forward"/>.</param>
    /// <param name="causal">See <see cref="Attention.Forward"/>.</param>
    /// <param name="branchScale">Factors on what attention and MLP add, <c>[2, batch, 1, 1]</c> (<see cref="DropPath"/>); null for 1.</param>
    public Tensor Forward(Tensor x, Tensor? mask = null, bool causal = false, Tensor? branchScale = null)
    {
        // What the backward pass needs, autograd keeps; without one nothing outlives its block.
        using var scope = NewDisposeScope();
        x = x.Plus(Scaled(_attention.Forward(_norm1.Forward(x), mask, causal), branchScale, 0));
        return x.Plus(Scaled(_mlp.Forward(_norm2.Forward(x)), branchScale, 1)).MoveToOuterDisposeScope();
    }

    /// <summary>The blocks of a tower, named <c>{name}.blocks.0</c> and on.</summary>
    public static TransformerBlock[] Stack(
        FlatParameters parameters, string name, int depth, long width, int heads, double mlpRatio, BlockKind kind) =>
        [.. Enumerable.Range(0, depth).Select(i =>
        {
            var declared = parameters.All.Count;
            var block = new TransformerBlock(parameters, $"{name}.blocks.{i}", width, heads, mlpRatio, kind);
            block.Parameters = [.. parameters.All.Skip(declared)];
            return block;
        })];

    private static Tensor Scaled(Tensor branch, Tensor? branchScale, long index) =>
        branchScale is null ? branch : branch * branchScale.select(0, index);
}
