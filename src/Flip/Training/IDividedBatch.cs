namespace Flip.Training;

/// <summary>The pairs of one step in parts, each of which is computed at once.</summary>
public interface IDividedBatch
{
    /// <summary>Number of pairs.</summary>
    int Size { get; }

    /// <summary>Goes through all parts in order; the second time through the same ones again. A part is valid until the next
    /// one is asked for, the last one until the second pass begins.</summary>
    IEnumerable<BatchPart> Parts();
}

/// <summary>Some consecutive pairs of a step.</summary>
/// <param name="Inputs">Their tensors, on the device.</param>
/// <param name="First">The first pair's place in the whole step.</param>
/// <param name="Count">Number of pairs.</param>
public readonly record struct BatchPart(StepInputs Inputs, int First, int Count);
