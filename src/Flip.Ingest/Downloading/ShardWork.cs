using Flip.Data.Shards;
using Microsoft.Win32.SafeHandles;

namespace Flip.Ingest.Downloading;

/// <summary>A shard in the making: rows of the list, what has become of them, and where their images are. Safe to call from several threads.</summary>
internal sealed class ShardWork : IDisposable
{
    private readonly ShardNames _names;
    private readonly RowOutcome?[] _outcomes;
    private readonly ImagePlace?[] _images;
    private readonly DateTimeOffset _start = DateTimeOffset.UtcNow;
    private readonly string _spoolPath;
    private readonly ShardSpool _spool;
    private readonly SafeFileHandle? _old;
    private int _left;

    private ShardWork(ShardNames names, int index, IReadOnlyList<UrlRow> rows, FinishedShard? finished, RetryFailed retry)
    {
        (_names, Index, Rows) = (names, index, rows);
        (_outcomes, _images, _old) = (new RowOutcome?[rows.Count], new ImagePlace?[rows.Count], finished?.Tar);
        for (var row = 0; row < rows.Count && finished is not null; row++)
        {
            (_outcomes[row], _images[row]) = (finished.Outcomes[row], finished.Images[row]);
        }

        _spoolPath = finished is null ? names.Spool(index) : names.RetrySpool(index);
        _spool = ShardSpool.Open(_spoolPath, rows.Count, (row, outcome, image) =>
        {
            if (finished is null || outcome.IsSuccess) // what failed once more stays as it was
            {
                (_outcomes[row], _images[row]) = (outcome, image);
            }
        });
        Open = [.. Enumerable.Range(0, rows.Count).Where(row => _outcomes[row] is not { } outcome || IsWanted(outcome, retry))];
        _left = Open.Count;
    }

    /// <summary>The shard's number.</summary>
    public int Index { get; }

    /// <summary>Rows of the list.</summary>
    public IReadOnlyList<UrlRow> Rows { get; }

    /// <summary>Rows that were to be done when the work began.</summary>
    public IReadOnlyList<int> Open { get; }

    /// <summary>What became of each row; all are done when the shard is finished.</summary>
    public IReadOnlyList<RowOutcome> Outcomes => _outcomes!;

    /// <summary>Begins a shard, or goes on with it.</summary>
    public static ShardWork Begin(ShardNames names, int index, IReadOnlyList<UrlRow> rows) => new(names, index, rows, null, RetryFailed.None);

    /// <summary>Begins with the failed rows of a finished shard.</summary>
    /// <returns>Null where none is to be fetched again, and the shard is as it should be.</returns>
    public static ShardWork? Again(ShardNames names, int index, IReadOnlyList<UrlRow> rows, RetryFailed retry)
    {
        var outcomes = MetadataTable.ReadOutcomes(names.Table(index));
        var isCutOff = File.Exists(names.RetrySpool(index));
        return isCutOff || outcomes.Any(outcome => IsWanted(outcome, retry)) ? new(names, index, rows, FinishedShard.Open(names, index, rows, outcomes), retry) : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _spool.Dispose();
        _old?.Dispose();
    }

    /// <summary>Takes what became of a row.</summary>
    /// <param name="row">Its number in the shard.</param>
    /// <param name="outcome">What became of it.</param>
    /// <param name="image">Its image; empty for none.</param>
    /// <returns>Whether it was the last.</returns>
    public bool Record(int row, RowOutcome outcome, ReadOnlyMemory<byte> image)
    {
        var place = _spool.Add(row, outcome, image);
        (_outcomes[row], _images[row]) = (outcome, place);
        return Interlocked.Decrement(ref _left) == 0;
    }

    /// <summary>Writes the shard, its table and last its numbers, and removes the spool.</summary>
    public void Finish(IUrlList list, CancellationToken cancellation)
    {
        var keys = Enumerable.Range(0, Rows.Count).Select(row => _names.Key(Index, row)).ToList();
        ShardWriter.Write(_names.Tar(Index), shard =>
        {
            for (var row = 0; row < Rows.Count; row++)
            {
                cancellation.ThrowIfCancellationRequested();
                if (_outcomes[row] is { IsSuccess: true } outcome)
                {
                    shard.Add(keys[row], Members(list, Rows[row], keys[row], outcome, _images[row]!.Value.Read()));
                }
            }
        });
        MetadataTable.Write(_names.Table(Index), list, Rows, keys, Outcomes);
        ShardStats.Of(Outcomes, _start, DateTimeOffset.UtcNow).Write(_names.Stats(Index));
        Dispose();
        File.Delete(_spoolPath);
    }

    private static IEnumerable<(string Extension, ReadOnlyMemory<byte> Content)> Members(IUrlList list, UrlRow row, string key, RowOutcome outcome, byte[] image)
    {
        yield return (outcome.Extension!, image);
        if (row.Caption is not null)
        {
            yield return ("txt", System.Text.Encoding.UTF8.GetBytes(row.Caption));
        }

        yield return ("json", RowFields.ToJson(list, row, key, outcome));
    }

    private static bool IsWanted(RowOutcome outcome, RetryFailed retry) => !outcome.IsSuccess
        && (retry == RetryFailed.All || (retry == RetryFailed.Passing && Fetching.FetchCause.IsPassing(outcome.Error ?? string.Empty)));
}
