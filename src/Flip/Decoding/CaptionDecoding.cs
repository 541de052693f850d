using Flip.Models;
using static TorchSharp.torch;

namespace Flip.Decoding;

/// <summary>A captioner's decoder in the middle of captions, with the keys and values of what is written.</summary>
public sealed class CaptionDecoding : INextToken
{
    private readonly Captioner _captioner;
    private readonly (Tensor Key, Tensor Value)[] _memory;
    private readonly KeyValues[] _written;
    private int _place;

    /// <summary>Begins to write captions.</summary>
    /// <param name="captioner">The captioner; not owned.</param>
    /// <param name="encoded">What is told of (<see cref="Captioner.Encode"/>), without graph, <c>[items, places, width]</c>. There is a row for each beam of an
    /// item, the beams of an item together.</param>
    public CaptionDecoding(Captioner captioner, Tensor encoded)
    {
        ArgumentNullException.ThrowIfNull(captioner);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        _captioner = captioner;
        _memory = captioner.Remember(encoded);
        _written = [.. _memory.Select(_ => new KeyValues())];
        foreach (var (key, value) in _memory)
        {
            key.DetachFromDisposeScope();
            value.DetachFromDisposeScope();
        }
    }

    /// <inheritdoc/>
    public int VocabularySize => _captioner.VocabularySize;

    /// <inheritdoc/>
    public Tensor Next(Tensor tokens)
    {
        ArgumentNullException.ThrowIfNull(tokens);
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        return _captioner.Decode(tokens.unsqueeze(1), _place++, _memory, _written).squeeze(1).to(ScalarType.Float32).MoveToOuterDisposeScope();
    }

    /// <inheritdoc/>
    public void Reorder(Tensor parents)
    {
        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        Array.ForEach(_written, block => block.Reorder(parents));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Array.ForEach(_written, block => block.Dispose());
        foreach (var (key, value) in _memory)
        {
            key.Dispose();
            value.Dispose();
        }
    }
}
