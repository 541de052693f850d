using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Flip.Ingest.Fetching;

/// <summary>Keeps what names stand for, and that they do not exist; a failure that may pass is not kept. Many who ask for one name at once wait for one look-up.</summary>
/// <param name="inner">Learns it.</param>
/// <param name="lifetime">How long an answer is kept.</param>
/// <param name="time">Clock; null for the system's.</param>
internal sealed class CachedResolver(IHostResolver inner, TimeSpan lifetime, TimeProvider? time = null) : IHostResolver
{
    /// <summary>Names above which all are forgotten: some 30 MB.</summary>
    private const int Most = 100_000;

    private readonly TimeProvider _time = time ?? TimeProvider.System;
    private readonly ConcurrentDictionary<string, Entry> _entries = new(StringComparer.OrdinalIgnoreCase);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation)
    {
        if (_entries.TryGetValue(host, out var known) && _time.GetElapsedTime(known.Since) >= lifetime)
        {
            _entries.TryRemove(KeyValuePair.Create(host, known));
        }

        if (_entries.Count > Most)
        {
            _entries.Clear();
        }

        // The look-up is of all who wait for it, so none of them can cancel it.
        var entry = _entries.GetOrAdd(host, name => new Entry(_time.GetTimestamp(), new(() => inner.ResolveAsync(name, CancellationToken.None))));
        try
        {
            return await entry.Addresses.Value.WaitAsync(cancellation);
        }
        catch (SocketException e) when (!IsFinal(e))
        {
            _entries.TryRemove(KeyValuePair.Create(host, entry));
            throw;
        }
    }

    /// <summary>Whether a name has no host, rather than nobody to tell.</summary>
    public static bool IsFinal(SocketException e) => e.SocketErrorCode is SocketError.HostNotFound or SocketError.NoData;

    private sealed record Entry(long Since, Lazy<Task<IReadOnlyList<IPAddress>>> Addresses);
}
