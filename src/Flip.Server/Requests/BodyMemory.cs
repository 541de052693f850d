namespace Flip.Server.Requests;

/// <summary>The memory of all bodies that are held at once. Safe to call from several threads.</summary>
/// <param name="bytes">Bytes that there are.</param>
internal sealed class BodyMemory(long bytes)
{
    private long _left = bytes;

    /// <summary>Bytes that are free.</summary>
    public long Left => Volatile.Read(ref _left);

    /// <summary>Takes some, if there are as many.</summary>
    public bool TryTake(long count)
    {
        if (Interlocked.Add(ref _left, -count) >= 0)
        {
            return true;
        }

        Give(count);
        return false;
    }

    /// <summary>Gives some back.</summary>
    public void Give(long count) => Interlocked.Add(ref _left, count);
}
