namespace Flip.Ingest.Downloading;

/// <summary>Which rows of finished shards are fetched again.</summary>
public enum RetryFailed
{
    /// <summary>None.</summary>
    None,

    /// <summary>Those that failed for a cause that may have passed (<see cref="Fetching.FetchCause.IsPassing"/>).</summary>
    Passing,

    /// <summary>All that failed.</summary>
    All,
}
