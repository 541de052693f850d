namespace Flip.Collectives;

/// <summary>An operation of all ranks failed: it took too long, or the library that carries it reports an error.</summary>
public class CollectiveException(string message, Exception? inner = null) : FlipException(message, inner)
{
    /// <summary>True where ranks were lost, by their process, their machine or the network: the others can begin again without them.</summary>
    public bool IsLoss { get; init; }
}
