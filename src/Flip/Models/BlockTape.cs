using TorchSharp;
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
internal sealed class BlockTape(int every)
{
    private readonly Stack<Segment> _segments = new();

    /// <summary>Passes through blocks, on the tape where there is one and a gradient is wanted.</summary>
    /// <param name="tape">Where to write; null for the ordinary graph.</param>
    /// <param name="blocks">The blocks in order.</param>
    /// <param name="x"><c>[batch, tokens, width]</c></param>
    /// <param name="mask">See <see cref="Attention.Forward"/>.</param>
    /// <param name="causal">See <see cref="Attention.Forward"/>.</param>
    public static Tensor Forward(BlockTape? tape, TransformerBlock[] blocks, Tensor x, Tensor? mask = null, bool causal = false) =>
        tape is not null && is_grad_enabled() ? tape.Write(blocks, x, mask, causal) : Pass(blocks, x, mask, causal);

    /// <summary>Cuts the graph where it branches: without, the branches' backward passes would each go through what is before.</summary>
    /// <param name="tape">Where to write; null for no cut.</param>
    /// <param name="x">Of any shape.</param>
    public static Tensor Cut(BlockTape? tape, Tensor x)
    {
        if (tape is null || !is_grad_enabled())
        {
            return x;
        }

        var segment = new Segment([], x, null, false);
        tape._segments.Push(segment);
        return segment.Output;
    }

    /// <summary>The backward pass of a loss that was computed with this tape, which is empty afterwards.</summary>
    public void Backward(Tensor loss)
    {
        loss.backward();
        while (_segments.TryPop(out var segment))
        {
            segment.Backward();
        }
    }

    private Tensor Write(TransformerBlock[] blocks, Tensor x, Tensor? mask, bool causal)
    {
        foreach (var group in blocks.Chunk(every))
        {
            var segment = new Segment(group, x, mask, causal);
            _segments.Push(segment);
            x = segment.Output;
        }

        return x;
    }

    private static Tensor Pass(IEnumerable<TransformerBlock> blocks, Tensor x, Tensor? mask, bool causal)
    {
        foreach (var block in blocks)
        {
            x = block.Forward(x, mask, causal);
        }

        return x;
    }

    /// <summary>A group of blocks on one input, computed without graph.</summary>
    private sealed class Segment
    {
        private readonly TransformerBlock[] _blocks;
        private readonly Tensor _incoming;
        private readonly Tensor _input;
        private readonly Tensor? _mask;
        private readonly bool _causal;

        public Segment(TransformerBlock[] blocks, Tensor x, Tensor? mask, bool causal)
        {
            (_blocks, _incoming, _mask, _causal) = (blocks, x, mask, causal);
            _input = x.is_leaf ? x : x.detach().requires_grad_(true); // a leaf is the output of the segment before
            Output = Compute();
        }

        /// <summary>A leaf: what comes after the segment leaves its gradient here.</summary>
        public Tensor Output { get; }

        public void Backward()
        {
            using var scope = NewDisposeScope();
            if (Output.grad is not { } gradient)
            {
                return; // nothing of it reached the loss
            }

            Pass(_blocks, _input, _mask, _causal).backward([gradient]);
            if (!ReferenceEquals(_input, _incoming))
            {
                _incoming.backward([_input.grad!]);
                _input.Dispose();
            }

            Output.Dispose();
        }

        private Tensor Compute()
        {
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            return Pass(_blocks, _input, _mask, _causal).detach().requires_grad_(true).MoveToOuterDisposeScope();
        }
    }
}
