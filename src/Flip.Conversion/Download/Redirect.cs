using System.Net;
using System.Net.Sockets;

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
            return IPAddress.TryParse(url.IdnHost, out var address) ? IsNear(address) : (await resolve(url.IdnHost, cancellation)).Any(IsNear);
        }
        catch (Exception e) when (e is SocketException or ArgumentException)
        {
            return false;
        }
    }

    private static bool IsNear(IPAddress address)
    {
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        if (IPAddress.IsLoopback(address) || address.Equals(IPAddress.IPv6Any) || address.IsIPv6LinkLocal || address.IsIPv6UniqueLocal || address.IsIPv6SiteLocal)
        {
            return true;
        }

        // RFC 1918's private networks, "this" network, the provider's (RFC 6598) and the link's.
        return address.AddressFamily == AddressFamily.InterNetwork && address.GetAddressBytes() is var bytes && bytes is
            [0 or 10 or 127, ..] or [100, >= 64 and <= 127, ..] or [169, 254, ..] or [172, >= 16 and <= 31, ..] or [192, 168, ..];
    }
}
