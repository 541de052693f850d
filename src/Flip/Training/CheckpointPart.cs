namespace Flip.Training;

/// <summary>The tensors of a checkpoint, each <c>[parameters]</c>, fp32, in the order of <see cref="Models.FlatParameters"/>.</summary>
public enum CheckpointPart
{
    /// <summary>Master weights.</summary>
    Weights,

    /// <summary>AdamW's moving average of gradients.</summary>
    FirstMoment,

    /// <summary>AdamW's moving average of squared gradients.</summary>
    SecondMoment,

    /// <summary>Moving average of weights.</summary>
    Average,
}
