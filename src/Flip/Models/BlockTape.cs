using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// Activation checkpointing (arXiv 1604.06174): of a group of blocks only the input is kept, and the backward pass computes the
/// rest again. The forward pass writes down the groups, each cut from the graph at both ends; the backward pass goes through them
/// from the last to the first. The gradient is that of the whole graph, to the last bit in most models.
/// </summary>
/// <remarks>
/// A tape instead of a custom autograd function: no native call comes back into managed code, where the garbage collector and dispose
/// scopes would have to agree on whose tensors these are.
/// </remarks>
/// <param name="every">Blocks of a group, 1 or more.</param>
/// <param name="recomputes">Whether the backward pass computes groups again; without, their graph is kept, and the tape only lets the backward pass go
/// group by group.</param>
/// <param name="onFinal">Called in the backward pass with each block whose gradient nothing on the tape adds to any more; null for nothing.</param>
internal sealed class BlockTape(int every, bool recomputes = true, Action<TransformerBlock>? onFinal = null) : IDisposable
{
    private readonly Stack<Segment> _segments = new();
    private readonly Dictionary<TransformerBlock, int> _left = []; // segments that a block is in: texts pass in several groups
    private readonly List<Tensor> _kept = [];

    /// <summary>Passes through blocks, on the tape where there is one and a gradient is wanted.</summary>
    /// <param name="tape">Where to write; null for the ordinary graph.</param>
    /// <param name="blocks">The blocks in order.</param>
    /// <param name="x"><c>[batch, tokens, width]</c></param>
    /// <param name="mask">See <see cref="Attention.Forward"/>.</param>
    /// <param name="causal">See <see cref="Attention.Forward"/>.</param>
    /// <param name="branchScale">Factors on the blocks' branches, <c>[blocks, 2, batch, 1, 1]</c> (<see cref="DropPath"/>); null for 1.</param>
    public static Tensor Forward(
        BlockTape? tape, TransformerBlock[] blocks, Tensor x, Tensor? mask = null, bool causal = false, Tensor? branchScale = null)
    {
        var pass = new BlockPass(mask, causal, branchScale);
        return tape is not null && is_grad_enabled() ? tape.Write(blocks, x, pass) : pass.Run(blocks, x);
    }

    /// <summary>Cuts the graph where it branches: without, the branches' backward passes would each go through what is before.</summary>
    /// <param name="tape">Where to write; null for no cut.</param>
    /// <param name="x">Of any shape.</param>
    public static Tensor Cut(BlockTape? tape, Tensor x)
    {
        if (tape is null || !is_grad_enabled())
        {
            return x;
        }

        return tape.Push(new Segment([], tape.Keep(x), new BlockPass(null, false, null), recomputes: true));
    }

    /// <summary>The backward pass of a loss that was computed with this tape, which is empty afterwards.</summary>
    public void Backward(Tensor loss)
    {
        loss.backward();
        while (_segments.TryPop(out var segment))
        {
            segment.Backward();
            foreach (var block in onFinal is null ? [] : segment.Blocks.Where(block => --_left[block] == 0))
            {
                onFinal!(block);
            }
        }

        Dispose();
    }

    /// <summary>Lets go of what a backward pass that failed has left.</summary>
    public void Dispose()
    {
        _segments.Clear();
        _left.Clear();
        _kept.ForEach(tensor => tensor.Dispose());
        _kept.Clear();
    }

    private Tensor Write(TransformerBlock[] blocks, Tensor x, BlockPass pass)
    {
        Keep(x);
        Keep(pass.Mask);
        Keep(pass.BranchScale);
        var first = 0;
        foreach (var group in blocks.Chunk(every))
        {
            var part = pass.Of(first, group.Length);
            Keep(part.BranchScale);
            x = Push(new Segment(group, x, part, recomputes));
            first += group.Length;
        }

        return x;
    }

    private Tensor Push(Segment segment)
    {
        _segments.Push(segment);
        Keep(segment.Input);
        Keep(segment.Graph);
        foreach (var block in segment.Blocks)
        {
            _left[block] = _left.GetValueOrDefault(block) + 1;
        }

        return Keep(segment.Output)!;
    }

    /// <summary>Takes a tensor out of the scope that it was made in: the backward pass comes after the scope.</summary>
    [return: System.Diagnostics.CodeAnalysis.NotNullIfNotNull(nameof(tensor))]
    private Tensor? Keep(Tensor? tensor)
    {
        if (tensor is not null)
        {
            _kept.Add(tensor.DetachFromDisposeScope());
        }

        return tensor;
    }

    /// <summary>What a pass through blocks takes beside the tokens.</summary>
    private sealed record BlockPass(Tensor? Mask, bool Causal, Tensor? BranchScale)
    {
        public Tensor Run(TransformerBlock[] blocks, Tensor x)
        {
            for (var i = 0; i < blocks.Length; i++)
            {
                x = blocks[i].Forward(x, Mask, Causal, BranchScale?.select(0, i));
            }

            return x;
        }

        public BlockPass Of(int first, int count) => this with { BranchScale = BranchScale?.narrow(0, first, count) };
    }

    /// <summary>A group of blocks on one input, computed without graph or cut from the others'.</summary>
    private sealed class Segment
    {
        private readonly Tensor _incoming;
        private readonly BlockPass _pass;

        public Segment(TransformerBlock[] blocks, Tensor x, BlockPass pass, bool recomputes)
        {
            (Blocks, _incoming, _pass) = (blocks, x, pass);
            Input = x.is_leaf ? x : x.detach().requires_grad_(true); // a leaf is the output of the segment before
            Graph = recomputes ? null : pass.Run(blocks, Input);
            Output = Graph?.detach().requires_grad_(true) ?? Compute();
        }

        public TransformerBlock[] Blocks { get; }

        /// <summary>The output with its graph; null where the backward pass computes it again.</summary>
        public Tensor? Graph { get; }

        /// <summary>A leaf: what the segment begins with.</summary>
        public Tensor Input { get; }

        /// <summary>A leaf: what comes after the segment leaves its gradient here.</summary>
        public Tensor Output { get; }

        public void Backward()
        {
            using var scope = NewDisposeScope();
            if (Output.grad is not { } gradient)
            {
                return; // nothing of it reached the loss
            }

            (Graph ?? _pass.Run(Blocks, Input)).backward([gradient]);
            Graph?.Dispose();
            if (!ReferenceEquals(Input, _incoming))
            {
                _incoming.backward([Input.grad!]);
                Input.Dispose();
            }

            Output.Dispose();
        }

        private Tensor Compute()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            return _pass.Run(Blocks, Input).detach().requires_grad_(true).MoveToOuterDisposeScope();
        }
    }
}
