using System.Buffers.Binary;
using System.Net;

namespace Flip.Network;

/// <summary>
/// Which addresses are not hosts of the internet that anyone can reach: this machine's, its network's, its provider's, those of services that only machines of a cloud see, and
/// those that stand for no host. What a stranger names may not lead there.
/// </summary>
public static class PrivateAddress
{
    /// <summary>IANA's special-purpose registry of IPv4, without the ranges that are reachable; and the address of Azure's own service, which looks like a public one.</summary>
    private static readonly IPNetwork[] OfIPv4 =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24",
            "192.88.99.0/24", "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        }.Select(IPNetwork.Parse),
    ];

    /// <summary>The same within <see cref="Global"/>: benchmarks, identifiers that are no addresses, documentation.</summary>
    private static readonly IPNetwork[] OfIPv6 = [.. new[] { "2001:2::/48", "2001:10::/28", "2001:20::/28", "2001:db8::/32", "3fff::/20" }.Select(IPNetwork.Parse)];

    /// <summary>All that is given out to hosts; the rest is loopback, link-local, unique local, multicast or nobody's.</summary>
    private static readonly IPNetwork Global = IPNetwork.Parse("2000::/3");

    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");
    private static readonly IPNetwork Teredo = IPNetwork.Parse("2001::/32");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");

    /// <summary>Whether an address is no host of the internet, or carries such a one within it.</summary>
    public static bool IsPrivate(IPAddress address)
    {
        ArgumentNullException.ThrowIfNull(address);
        address = address.IsIPv4MappedToIPv6 ? address.MapToIPv4() : address;
        Span<byte> bytes = stackalloc byte[16];
        address.TryWriteBytes(bytes, out var length);
        if (length == 4)
        {
            return OfIPv4.Any(range => range.Contains(address));
        }

        if (Nat64.Contains(address))
        {
            return IsPrivate(Within(bytes, 12));
        }

        if (!Global.Contains(address) || OfIPv6.Any(range => range.Contains(address)))
        {
            return true;
        }

        var isIsatap = BinaryPrimitives.ReadUInt32BigEndian(bytes[8..]) is 0x00005EFE or 0x02005EFE;
        return (SixToFour.Contains(address) && IsPrivate(Within(bytes, 2)))
            || (Teredo.Contains(address) && (IsPrivate(Within(bytes, 4)) || IsPrivate(Within(bytes, 12, uint.MaxValue)))) // the server, and the host with its bits turned over
            || (isIsatap && IsPrivate(Within(bytes, 12)));
    }

    /// <summary>The IPv4 address within an IPv6 one.</summary>
    private static IPAddress Within(ReadOnlySpan<byte> bytes, int at, uint mask = 0)
    {
        Span<byte> four = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(four, BinaryPrimitives.ReadUInt32BigEndian(bytes[at..]) ^ mask);
        return new IPAddress(four);
    }
}
