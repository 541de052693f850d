namespace Flip.Training;

/// <summary>A batch in memory, in parts.</summary>
/// <param name="batch">All pairs.</param>
/// <param name="part">Pairs of a part, 1 or more; the last part may be smaller.</param>
public sealed class InMemoryBatch(Batch batch, int part) : IDividedBatch
{
    /// <inheritdoc/>
    public int Size => batch.Size;

    /// <inheritdoc/>
    public IEnumerable<BatchPart> Parts()
    {
        for (var start = 0; start < batch.Size; start += part)
        {
            yield return new BatchPart(batch, start, Math.Min(part, batch.Size - start), start);
        }
    }
}
