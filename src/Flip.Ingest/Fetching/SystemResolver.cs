using System.Net;

namespace Flip.Ingest.Fetching;

/// <summary>Asks the operating system. Its call blocks a thread on Linux, so that each has one of its own, and they are bounded.</summary>
internal sealed class SystemResolver : IHostResolver, IDisposable
{
    private const int AtOnce = 64;

    private readonly SemaphoreSlim _places = new(AtOnce);

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation)
    {
        await _places.WaitAsync(cancellation);
        try
        {
            return await Task.Factory.StartNew(() => Dns.GetHostAddresses(host), cancellation, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        }
        finally
        {
            _places.Release();
        }
    }
}
