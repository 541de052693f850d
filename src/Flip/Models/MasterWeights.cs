using Flip.Collectives;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>
/// A flat fp32 buffer of a model's weights, or of an average of them: whole, or the pieces alone that this rank owns (ZeRO-1, arXiv 1910.02054).
/// </summary>
/// <param name="whole">All entries; from now on this buffer's.</param>
internal sealed class MasterWeights(Tensor whole) : IDisposable
{
    private readonly long _count = whole.numel();
    private readonly Device _device = whole.device;

    /// <summary>What is here: all entries, or those of <see cref="Pieces"/>, one behind another.</summary>
    public Tensor Own { get; private set; } = whole;

    /// <summary>The entries that are here.</summary>
    public IReadOnlyList<Share> Pieces { get; private set; } = [new Share(0, whole.numel())];

    /// <summary>Whether other ranks have the rest.</summary>
    public bool IsDivided { get; private set; }

    /// <summary>Keeps some pieces and lets go of the rest.</summary>
    public void Divide(IReadOnlyList<Share> pieces)
    {
        if (IsDivided)
        {
            throw new InvalidOperationException("The weights are divided already.");
        }

        using var noGrad = no_grad();
        using var scope = NewDisposeScope();
        var own = cat([.. pieces.Select(piece => Own.narrow(0, piece.First, piece.Count))]);
        Own.Dispose();
        (Own, Pieces, IsDivided) = (own.DetachFromDisposeScope(), pieces, true);
    }

    /// <summary>Makes room for all entries.</summary>
    /// <param name="gather">Fills the whole, its second argument, from this rank's pieces and the others'; null where all of it is overwritten.</param>
    public void Unite(Action<Tensor, Tensor>? gather)
    {
        if (!IsDivided)
        {
            return;
        }

        using var noGrad = no_grad();
        using var pieces = Own;
        (Own, Pieces, IsDivided) = (zeros(_count, ScalarType.Float32, _device).DetachFromDisposeScope(), [new Share(0, _count)], false);
        gather?.Invoke(pieces, Own);
    }

    /// <summary>What is here of some entries: the first entry of each part, and a view of it.</summary>
    public IEnumerable<(long First, Tensor Values)> Within(Share range)
    {
        var place = 0L;
        foreach (var piece in Pieces)
        {
            if (piece.Within(range) is { Count: > 0 } part)
            {
                yield return (part.First, Own.narrow(0, place + part.First - piece.First, part.Count));
            }

            place += piece.Count;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Own.Dispose();
}
