using System.Net;
using Flip.Server.Requests;
using Flip.Server.Security;

namespace Flip.Server;

/// <summary>Where a server listens, who may ask it, and how much.</summary>
public sealed record ServerOptions
{
    /// <summary>The longest time that requests may have to end.</summary>
    public static readonly TimeSpan LongestDrain = TimeSpan.FromMinutes(10);

    /// <summary>The address that it listens on. One that others reach needs a key.</summary>
    public IPAddress Host { get; init; } = IPAddress.Loopback;

    /// <summary>The port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>The key that requests must show; null for none.</summary>
    public ApiKey? Key { get; init; }

    /// <summary>Names besides those of this machine by which a server without a key is asked: of a proxy before it.</summary>
    public IReadOnlyList<string> AllowedHosts { get; init; } = [];

    /// <summary>Whether images may be addresses, which are fetched from the internet alone.</summary>
    public bool AllowUrls { get; init; }

    /// <summary>Whether <c>/</c> is a page for browsers.</summary>
    public bool Page { get; init; } = true;

    /// <summary>How long requests may take to end when the server is told to.</summary>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(25);

    /// <summary>What requests may ask for.</summary>
    public ServerLimits Limits { get; init; } = new();

    /// <summary>Every problem of these options.</summary>
    /// <param name="queueLength">Items that may wait in the engine's queue.</param>
    public IReadOnlyList<string> Problems(int queueLength) =>
    [
        .. Limits.Problems(),
        .. Port is < 0 or > 65535 ? new[] { FormattableString.Invariant($"Port = {Port}: must be from 0 to 65535.") } : [],
        .. DrainTime < TimeSpan.Zero || DrainTime > LongestDrain ? new[] { FormattableString.Invariant($"DrainTime = {DrainTime.TotalSeconds} s: must be from 0 to {LongestDrain.TotalSeconds}.") } : [],
        .. Key is null && !IPAddress.IsLoopback(Host) ? new[] { $"Host = {Host}: others reach this address, so a key is needed." } : [],
        .. Math.Max(Limits.Texts, Limits.Images) > queueLength
            ? new[] { FormattableString.Invariant($"A request may have {Limits.Texts} texts and {Limits.Images} images, and the queue has {queueLength} places: it must have as many.") }
            : [],
    ];
}
