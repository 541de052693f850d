namespace Flip.Ingest.Fetching;

/// <summary>
/// Bounds the memory of files that are being fetched. Each may hold a little; one that grows beyond waits for one of a few places, and whoever has such a place waits for
/// nothing more, so that none waits for ever.
/// </summary>
/// <param name="memory">Bytes of all, about.</param>
/// <param name="maxBytes">Bytes of the largest file.</param>
internal sealed class BodyMemory(long memory, int maxBytes) : IDisposable
{
    /// <summary>Bytes that each file may hold without a place. A web's photo has less.</summary>
    public const int Small = 1 << 20;

    private readonly SemaphoreSlim _large = new((int)Math.Clamp(memory / Math.Max(Small, maxBytes), 1, 4096));

    /// <inheritdoc/>
    public void Dispose() => _large.Dispose();

    /// <summary>Waits for a place of a large file.</summary>
    public Task EnterAsync(CancellationToken cancellation) => _large.WaitAsync(cancellation);

    /// <summary>Gives it back.</summary>
    public void Leave() => _large.Release();
}
