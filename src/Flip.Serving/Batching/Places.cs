namespace Flip.Serving.Batching;

/// <summary>Places in the queue that are kept for a request while it is made ready. Those that were not used are given back.</summary>
internal sealed class Places(BatchQueue queue, int count) : IDisposable
{
    private int _left = count;

    /// <summary>Uses some.</summary>
    public void Use(int used)
    {
        if (used > _left)
        {
            throw new InvalidOperationException($"{used} places are used, and {_left} are left.");
        }

        _left -= used;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _left, 0) is > 0 and var left)
        {
            queue.GiveBack(left);
        }
    }
}
