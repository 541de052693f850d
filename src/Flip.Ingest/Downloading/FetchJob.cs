namespace Flip.Ingest.Downloading;

/// <summary>An address that is to be fetched, for one or more rows of a shard.</summary>
/// <param name="shard">The shard.</param>
/// <param name="url">The address.</param>
/// <param name="host">Its host.</param>
/// <param name="rows">Rows of the shard that have this address.</param>
internal sealed class FetchJob(ShardWork shard, string url, string host, IReadOnlyList<int> rows)
{
    public ShardWork Shard => shard;

    public string Url => url;

    public string Host => host;

    public IReadOnlyList<int> Rows => rows;

    /// <summary>Tries so far.</summary>
    public int Tries { get; set; }
}
