namespace Flip.Training;

/// <summary>The parts that a training step's time is counted under.</summary>
public enum StepPart
{
    /// <summary>Waiting for the pairs to be read.</summary>
    Data,

    /// <summary>Tensors and masks of the batch.</summary>
    Inputs,

    /// <summary>Forward pass of the image tower, the reconstruction decoder included; with micro-batches both passes.</summary>
    ImageForward,

    /// <summary>Forward pass of the text tower; with micro-batches both passes.</summary>
    TextForward,

    /// <summary>The loss on all embeddings; with micro-batches its backward pass too.</summary>
    Loss,

    /// <summary>Backward pass, the release of what the forward pass kept for it, and the wait for other ranks' gradients.</summary>
    Backward,

    /// <summary>Everything on the flat buffers: clearing and gathering gradients, clipping, the optimiser, the cast to the compute type.</summary>
    Update,
}
