using System.Collections.Concurrent;

namespace Flip.Ingest.Downloading;

/// <summary>How far a download is. Safe to read while it runs.</summary>
public sealed class DownloadCounts
{
    private readonly ConcurrentDictionary<string, int> _causes = new(StringComparer.Ordinal);
    private long _rows;
    private long _earlier;
    private long _successes;
    private long _failedToDownload;
    private long _failedToResize;
    private long _bytes;
    private int _shards;
    private int _shardsBefore;

    /// <summary>Rows that are done, those of earlier runs included.</summary>
    public long Rows => Volatile.Read(ref _rows);

    /// <summary>Of these, rows that were done by earlier runs.</summary>
    public long Earlier => Volatile.Read(ref _earlier);

    /// <summary>Rows of this run that are in a shard.</summary>
    public long Successes => Volatile.Read(ref _successes);

    /// <summary>Rows of this run whose file did not come.</summary>
    public long FailedToDownload => Volatile.Read(ref _failedToDownload);

    /// <summary>Rows of this run whose file is no image that can be used.</summary>
    public long FailedToResize => Volatile.Read(ref _failedToResize);

    /// <summary>Bytes of files that came.</summary>
    public long Bytes => Volatile.Read(ref _bytes);

    /// <summary>Shards that this run has finished.</summary>
    public int Shards => Volatile.Read(ref _shards);

    /// <summary>Shards that were finished before.</summary>
    public int ShardsBefore => Volatile.Read(ref _shardsBefore);

    /// <summary>Requests in flight.</summary>
    public int InFlight => Running?.Invoke() ?? 0;

    /// <summary>Failed rows of this run by cause, the commonest first.</summary>
    public IReadOnlyList<KeyValuePair<string, int>> Causes => [.. _causes.OrderByDescending(cause => cause.Value).ThenBy(cause => cause.Key, StringComparer.Ordinal)];

    internal Func<int>? Running { get; set; }

    internal void Add(RowOutcome outcome)
    {
        Interlocked.Increment(ref _rows);
        Interlocked.Increment(ref outcome.IsSuccess ? ref _successes : ref outcome.Status == RowOutcome.FailedToDownload ? ref _failedToDownload : ref _failedToResize);
        if (outcome.Error is { } cause)
        {
            _causes.AddOrUpdate(cause, 1, (_, count) => count + 1);
        }
    }

    internal void AddBytes(int bytes) => Interlocked.Add(ref _bytes, bytes);

    internal void AddEarlier(int rows)
    {
        Interlocked.Add(ref _rows, rows);
        Interlocked.Add(ref _earlier, rows);
    }

    internal void AddShard(bool isEarlier) => Interlocked.Increment(ref isEarlier ? ref _shardsBefore : ref _shards);
}
