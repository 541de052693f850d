namespace Flip.Data.Order;

/// <summary>What stands at a position of the endless sequence.</summary>
/// <param name="Epoch">Epoch of the position, from 0.</param>
/// <param name="Place">Place in the epoch, in [0, samples of an epoch).</param>
/// <param name="Sample">Index of the sample in its data set.</param>
public readonly record struct OrderedSample(int Epoch, long Place, long Sample);
