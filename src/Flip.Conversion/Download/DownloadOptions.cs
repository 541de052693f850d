using System.Net;

namespace Flip.Conversion.Download;

/// <summary>How a model is downloaded.</summary>
public sealed record DownloadOptions
{
    /// <summary>The hub's address.</summary>
    public Uri Hub { get; init; } = new("https://huggingface.co");

    /// <summary>Access token, sent to the hub's own host and to no other; null for public models.</summary>
    public string? Token { get; init; }

    /// <summary>Where the token came from, such as an environment variable, for errors.</summary>
    public string TokenName { get; init; } = "HF_TOKEN";

    /// <summary>Takes the state, many times a second.</summary>
    public IProgress<DownloadProgress>? Progress { get; init; }

    /// <summary>Takes a line that a person may want to read, such as why a request is made again.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>How often a request or file is tried again.</summary>
    public int Retries { get; init; } = 6;

    /// <summary>Wait before the first retry; it doubles from one to the next, up to half a minute.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>How long a server may be silent.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes a second below which a server is left: at this rate a model of 600 MB takes a day and a half.</summary>
    public int SlowestRate { get; init; } = 4096;

    /// <summary>The time over which the rate is taken.</summary>
    public TimeSpan RateWindow { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Makes the requests; null for the network.</summary>
    internal HttpMessageHandler? Handler { get; init; }

    /// <summary>The addresses of a host.</summary>
    internal Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Free bytes on the disk of a folder.</summary>
    internal Func<string, long> FreeSpace { get; init; } = folder => new DriveInfo(folder).AvailableFreeSpace;
}
