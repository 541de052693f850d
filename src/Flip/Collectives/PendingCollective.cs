namespace Flip.Collectives;

/// <summary>An operation of all ranks that is under way.</summary>
public abstract class PendingCollective
{
    /// <summary>One that is done.</summary>
    public static PendingCollective Done { get; } = new Completed();

    /// <summary>
    /// Waits until the result may be used: on the processor until it is there; on a GPU what is put into its queue from here on comes after it.
    /// </summary>
    /// <exception cref="RankFailedException">Another rank has failed.</exception>
    /// <exception cref="CollectiveException">It takes longer than it may, or the library reports an error.</exception>
    public abstract void Wait();

    private sealed class Completed : PendingCollective
    {
        public override void Wait()
        {
            // Nothing was started.
        }
    }
}
