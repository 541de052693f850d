namespace Flip.Training;

/// <summary>The pairs of one step in parts, each of which is computed at once.</summary>
public interface IDividedBatch
{
    /// <summary>Number of pairs.</summary>
    int Size { get; }

    /// <summary>Goes through all parts in order; the second time through the same ones again. A part is valid until the next
    /// one is asked for.</summary>
    IEnumerable<BatchPart> Parts();
}

/// <summary>Some consecutive pairs of a step.</summary>
/// <param name="Batch">Where they are.</param>
/// <param name="Start">The first pair's row in <paramref name="Batch"/>.</param>
/// <param name="Count">Number of pairs.</param>
/// <param name="First">The first pair's place in the whole step.</param>
public readonly record struct BatchPart(Batch Batch, int Start, int Count, int First);
