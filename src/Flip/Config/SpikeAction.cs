namespace Flip.Config;

/// <summary>What a training does at a spike of its loss or gradient norm.</summary>
public enum SpikeAction
{
    /// <summary>Says it, and learns from the step as from any other.</summary>
    Log,

    /// <summary>Leaves out the update of the step. Its samples count as seen.</summary>
    Skip,

    /// <summary>Goes back to the last checkpoint, and goes on from there with the samples behind the spike (PaLM).</summary>
    Rollback,
}
