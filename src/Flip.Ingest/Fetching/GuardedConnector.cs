using System.Net;
using System.Net.Sockets;

namespace Flip.Ingest.Fetching;

/// <summary>
/// Connects to hosts of the internet alone. A name is resolved once, every address of it is vetted, and the connection goes to one of those: nothing can change
/// between the look and the leap.
/// </summary>
/// <param name="resolver">Learns what names stand for.</param>
/// <param name="isPrivate">Which addresses are not connected to.</param>
internal sealed class GuardedConnector(IHostResolver resolver, Func<IPAddress, bool> isPrivate)
{
    /// <summary>Connects, for <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="FetchException">The host is not asked, or not found.</exception>
    /// <exception cref="SocketException">No connection.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellation)
    {
        var addresses = await VettedAsync(context.DnsEndPoint.Host, cancellation);
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync([.. addresses], context.DnsEndPoint.Port, cancellation);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Refuses a host that is written as an address.</summary>
    /// <exception cref="FetchException">It is not asked.</exception>
    public void CheckLiteral(Uri url)
    {
        if (FetchAddress.Literal(url.IdnHost) is { } address)
        {
            Check(url.IdnHost, address);
        }
    }

    private async Task<IReadOnlyList<IPAddress>> VettedAsync(string host, CancellationToken cancellation)
    {
        IReadOnlyList<IPAddress> addresses;
        try
        {
            addresses = FetchAddress.Literal(host) is { } literal ? [literal] : await resolver.ResolveAsync(host, cancellation);
        }
        catch (SocketException e)
        {
            throw new FetchException(CachedResolver.IsFinal(e) ? FetchCause.NoSuchHost : FetchCause.NameFailed, $"{host} ({e.SocketErrorCode})", innerException: e);
        }
        catch (ArgumentException e)
        {
            throw new FetchException(FetchCause.NoSuchHost, "no name of a host", innerException: e); // a label of more than 63 characters
        }

        foreach (var address in addresses)
        {
            Check(host, address);
        }

        return addresses.Count > 0 ? addresses : throw new FetchException(FetchCause.NoSuchHost, $"{host} has no address");
    }

    private void Check(string host, IPAddress address)
    {
        if (isPrivate(address))
        {
            throw new FetchException(FetchCause.PrivateAddress, $"{host} is {address}, which is on this machine or its own network, or no host at all");
        }
    }
}
