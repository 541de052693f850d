namespace Flip.Data.Stores;

/// <summary>How files of stores in the network are read.</summary>
public sealed record StoreOptions
{
    /// <summary>Gibibytes of the cache where nobody says otherwise.</summary>
    public const double DefaultCacheGiB = 100;

    /// <summary>Folder in which whole files are kept; several processes may share it. Null for the user's own.</summary>
    public string? CacheFolder { get; init; }

    /// <summary>Bytes that the files of that folder may take together; 0 keeps none, and every sample is a request.</summary>
    public long CacheBytes { get; init; } = (long)(DefaultCacheGiB * (1L << 30));

    /// <summary>Address of an S3-compatible store; null for the environment's (AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL), else Amazon's.</summary>
    public string? S3Endpoint { get; init; }

    /// <summary>Whether S3 is asked without keys, as public buckets can be.</summary>
    public bool S3Anonymous { get; init; }

    /// <summary>How often a request is tried again.</summary>
    public int Retries { get; init; } = 8;

    /// <summary>Wait before the first retry; it doubles from one to the next, up to half a minute.</summary>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>How long a store may be silent.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>Bytes a second below which an answer is broken off and asked for again.</summary>
    public int SlowestRate { get; init; } = 16 << 10;

    /// <summary>Files that are brought into the cache at the same time.</summary>
    public int FilesAtOnce { get; init; } = 4;

    /// <summary>Requests for parts of files that are under way at the same time.</summary>
    public int PartsAtOnce { get; init; } = 64;

    /// <summary>Takes a line that a person may want to read, such as why a request is made again.</summary>
    public Action<string>? Notice { get; init; }

    /// <summary>The folder of the cache.</summary>
    internal string Folder => CacheFolder ?? Path.Combine(
        Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "flip", "shards");
}
