using System.Net;

namespace Flip.Ingest.Fetching;

/// <summary>Learns what names stand for. Safe to call from several threads.</summary>
public interface IHostResolver
{
    /// <summary>The addresses of a host.</summary>
    /// <param name="host">Its name.</param>
    /// <param name="cancellation">Ends the waiting.</param>
    /// <exception cref="System.Net.Sockets.SocketException">It has none, or they could not be learnt.</exception>
    Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken cancellation);
}
