using Flip.Ingest.Fetching;
using Flip.Ingest.Images;

namespace Flip.Ingest.Downloading;

/// <summary>How a list of addresses becomes shards.</summary>
public sealed record ShardDownloadOptions
{
    /// <summary>Rows of the list to a shard.</summary>
    public int RowsPerShard { get; init; } = 10_000;

    /// <summary>Requests in flight.</summary>
    public int Concurrency { get; init; } = 256;

    /// <summary>Tries of a row after the first one, for causes that may pass.</summary>
    public int Retries { get; init; } = 2;

    /// <summary>Wait before the first of them; it doubles from one to the next.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Longest wait, whatever a host asks for.</summary>
    public TimeSpan LongestWait { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Requests in a row without any answer after which a host's other rows are given up.</summary>
    public int SilentLimit { get; init; } = 50;

    /// <summary>Threads that prepare images; 0 for one a processor.</summary>
    public int Threads { get; init; }

    /// <summary>Shards in the making at a time: rows of so many are looked at for hosts that are free.</summary>
    public int OpenShards { get; init; } = 4;

    /// <summary>This part, from 1.</summary>
    public int Part { get; init; } = 1;

    /// <summary>Parts that divide the shards: part p takes those whose number is p - 1 modulo the parts.</summary>
    public int Parts { get; init; } = 1;

    /// <summary>Which rows of finished shards are fetched again.</summary>
    public RetryFailed Retry { get; init; }

    /// <summary>Bounds and manners of the requests.</summary>
    public FetchOptions Fetch { get; init; } = new();

    /// <summary>What images become.</summary>
    public ImagePreparationOptions Images { get; init; } = new();
}
