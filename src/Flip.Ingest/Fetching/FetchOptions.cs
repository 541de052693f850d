using System.Net;
using Flip.Network;

namespace Flip.Ingest.Fetching;

/// <summary>How files are fetched from addresses that strangers have written.</summary>
public sealed record FetchOptions
{
    /// <summary>Time of a whole request: look-up, connection, redirects and the last byte.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Bytes of a file, unpacked.</summary>
    public int MaxBytes { get; init; } = 32 << 20;

    /// <summary>Redirects of a request.</summary>
    public int MaxRedirects { get; init; } = 5;

    /// <summary>Connections to one host at a time.</summary>
    public int PerHost { get; init; } = 8;

    /// <summary>Bytes of files that are held at once, about.</summary>
    public long Memory { get; init; } = 1L << 30;

    /// <summary>Whether addresses of this machine and its networks may be asked.</summary>
    public bool AllowPrivate { get; init; }

    /// <summary>
    /// Whether requests go through the proxy that the environment names. It looks names up by itself, so that addresses behind names are not vetted here any more:
    /// the proxy has to guard its own network.
    /// </summary>
    public bool UseProxy { get; init; }

    /// <summary>What this downloader calls itself besides flip, in <c>User-Agent</c> and in <c>X-Robots-Tag</c>; null for nothing.</summary>
    public string? UserAgentToken { get; init; }

    /// <summary>Directives of <c>X-Robots-Tag</c> with which a file is not taken; empty to take all.</summary>
    public IReadOnlyCollection<string> DisallowedDirectives { get; init; } = ["noai", "noimageai", "noindex", "noimageindex"];

    /// <summary>How long what a name stands for is kept.</summary>
    public TimeSpan NameLifetime { get; init; } = TimeSpan.FromMinutes(10);

    /// <summary>Which addresses are private, where <see cref="AllowPrivate"/> does not let them pass.</summary>
    internal Func<IPAddress, bool> IsPrivate { get; init; } = PrivateAddress.IsPrivate;
}
