using System.Net;
using System.Net.Sockets;
using Flip.Network;

namespace Flip.Conversion.Download;

/// <summary>Where a server may send a client: not out of encryption, and not from outside to what only this machine can reach.</summary>
internal static class Redirect
{
    /// <summary>The address that a server names.</summary>
    /// <param name="from">The address that was asked.</param>
    /// <param name="location">What the server names, absolute or not.</param>
    /// <param name="resolve">The addresses of a host.</param>
    /// <param name="cancellation">Stops the look-up.</param>
    /// <exception cref="DownloadException">It may not send there.</exception>
    public static async Task<Uri> FollowAsync(
        Uri from, string location, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancellation)
    {
        if (!Uri.TryCreate(from, location, out var to))
        {
            throw new DownloadException($"{HttpTransport.Show(from)}: refers to '{ServerText.OneLine(location)}', which is no address.");
        }

        if (from.Scheme == Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttps)
        {
            throw new DownloadException($"{HttpTransport.Show(from)}: refers to {HttpTransport.Show(to)}, which is not encrypted; from https only https is followed.");
        }

        if (from.IdnHost != to.IdnHost && await IsNearAsync(to, resolve, cancellation) && !await IsNearAsync(from, resolve, cancellation))
        {
            throw new DownloadException(
                $"{HttpTransport.Show(from)}: refers to {HttpTransport.Show(to)}, which is on this machine or its own network; a server outside is not followed there.");
        }

        return to;
    }

    /// <summary>Whether an address is this machine's or of a network that is not the internet. A host that is not found is none: a proxy may know it.</summary>
    private static async Task<bool> IsNearAsync(Uri url, Func<string, CancellationToken, Task<IPAddress[]>> resolve, CancellationToken cancellation)
    {
        if (url.IsLoopback)
        {
            return true;
        }

        try
        {
            return IPAddress.TryParse(url.IdnHost, out var address)
                ? PrivateAddress.IsPrivate(address)
                : (await resolve(url.IdnHost, cancellation)).Any(PrivateAddress.IsPrivate);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return false;
        }
    }
}
