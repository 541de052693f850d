using Flip.Models;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>The tensors of some consecutive pairs of a batch, with their masks; on the model's device. They belong to no dispose scope.</summary>
/// <param name="Patches">uint8, kept patches, or all in order where a decoder reads the removed ones, <c>[pairs, patches, patch · patch · 3]</c>.</param>
/// <param name="Texts">The captions.</param>
/// <param name="ImageKeep">int64 kept patches, <c>[pairs, kept]</c>; null for all.</param>
/// <param name="ImageRestore">int64 places in the order kept, removed, <c>[pairs, patches]</c>; for a decoder, else null.</param>
public sealed record StepInputs(
    Tensor Patches, TextRows Texts, Tensor? ImageKeep, Tensor? ImageRestore) : IDisposable
{
    private IEnumerable<Tensor> All => new[] { Patches, ImageKeep, ImageRestore }.OfType<Tensor>().Concat(Texts.Tensors);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var tensor in All)
        {
            tensor.Dispose();
        }
    }

    /// <summary>Takes the tensors out of the scope that they were made in.</summary>
    internal StepInputs Detached()
    {
        foreach (var tensor in All)
        {
            tensor.DetachFromDisposeScope();
        }

        return this;
    }
}
