namespace Flip.Serving.Batching;

/// <summary>A request that came while the engine was ending, or was still in its queue when the time for that was over.</summary>
public sealed class EngineStoppedException() : FlipException("The engine is ending and takes no more requests.");
