using Flip.Storage;

namespace Flip.Conversion.Containers;

/// <summary>
/// What tensors take beside what their files have. Packed chunks, chunks that are not there and tensors that share a storage may claim more than
/// the files' bytes, each within its container's rules; all together only so much.
/// </summary>
internal static class StoredBytes
{
    /// <summary>Times the files' bytes. Weights hardly pack; half of a model may be tied to the other half.</summary>
    private const int MaxRatio = 16;

    private const long AnyRatioBytes = 1 << 26;

    /// <summary>Refuses tensors that claim far more than there is.</summary>
    /// <param name="path">The file or folder.</param>
    /// <param name="tensors">Types and shapes.</param>
    /// <param name="stored">Bytes that are there.</param>
    /// <exception cref="CheckpointFormatException">They do.</exception>
    public static void Check(string path, IEnumerable<(string Type, IReadOnlyList<long> Shape)> tensors, long stored)
    {
        var claimed = tensors.Sum(tensor => (SafetensorsTypes.SizeOf(tensor.Type) ?? 1) * tensor.Shape.Aggregate(1.0, (product, size) => product * size));
        if (claimed > AnyRatioBytes + ((double)MaxRatio * stored))
        {
            throw new CheckpointFormatException(
                path, null, FormattableString.Invariant($"its tensors would take {claimed:0} bytes, more than {MaxRatio} times the {stored} that are there"));
        }
    }
}
