using System.Security.Cryptography;
using System.Threading.Channels;
using Flip.Data;
using Flip.Ingest.Fetching;
using Flip.Ingest.Images;

namespace Flip.Ingest.Downloading;

/// <summary>
/// Rows from their address to their place in a shard's spool: fetched by many requests at once, prepared by a few threads. A file is fetched and decoded once for all rows of a shard that
/// have its address. Files in memory are bounded by requests in flight, as one keeps its place until a thread takes its file.
/// </summary>
internal sealed class RowPipeline : IAsyncDisposable
{
    /// <summary>Cause of a file that is not the one that the list has a hash of.</summary>
    public const string HashMismatch = "hash mismatch";

    /// <summary>Cause of a file at which the decoder failed in a way of its own.</summary>
    public const string DecoderFailed = "decoder failed";

    private readonly ShardDownloadOptions _options;
    private readonly GuardedFetcher _fetcher;
    private readonly ImagePreparation _preparation;
    private readonly HostScheduler _scheduler;
    private readonly Channel<(FetchJob Job, FetchedBody Body)> _fetched;
    private readonly List<Thread> _threads;
    private readonly DownloadCounts _counts;
    private readonly Action<ShardWork> _complete;
    private readonly Action<Exception> _fail;
    private readonly CancellationToken _cancellation;

    /// <param name="options">How.</param>
    /// <param name="resolver">Learns what names stand for; null for the system's.</param>
    /// <param name="counts">Counts rows.</param>
    /// <param name="complete">Takes a shard whose rows are all done.</param>
    /// <param name="fail">Takes what ends the run.</param>
    /// <param name="cancellation">Stops.</param>
    public RowPipeline(
        ShardDownloadOptions options,
        IHostResolver? resolver,
        DownloadCounts counts,
        Action<ShardWork> complete,
        Action<Exception> fail,
        CancellationToken cancellation)
    {
        (_options, _counts, _complete, _fail, _cancellation) = (options, counts, complete, fail, cancellation);
        _fetcher = new GuardedFetcher(options.Fetch, resolver);
        _preparation = new ImagePreparation(options.Images);
        _scheduler = new HostScheduler(options.Concurrency, options.Fetch.PerHost, options.SilentLimit, (job, isGivenUp) => _ = RunAsync(job, isGivenUp));
        counts.Running = () => _scheduler.Running;
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        _fetched = Channel.CreateBounded<(FetchJob, FetchedBody)>(2 * threads);
        _threads = [.. Enumerable.Range(0, threads).Select(i => new Thread(Prepare) { IsBackground = true, Name = $"images {i}" })];
        _threads.ForEach(thread => thread.Start());
    }

    /// <summary>Takes the rows of a shard that are to be done.</summary>
    public void Begin(ShardWork shard)
    {
        var jobs = new List<FetchJob>();
        foreach (var rows in shard.Open.GroupBy(row => shard.Rows[row].Url, StringComparer.Ordinal))
        {
            try
            {
                var url = rows.Key ?? throw new FetchException(FetchCause.BadUrl, "the row has none");
                jobs.Add(new FetchJob(shard, url, FetchAddress.Read(url).IdnHost, [.. rows]));
            }
            catch (FetchException e)
            {
                Record(shard, rows, RowOutcome.Failed(RowOutcome.FailedToDownload, e.Cause), default);
            }
        }

        if (shard.Open.Count == 0)
        {
            _complete(shard);
        }

        _scheduler.Add(jobs);
    }

    /// <summary>Stops: what is being fetched is left, what has come is kept.</summary>
    public async ValueTask DisposeAsync()
    {
        await _scheduler.StopAsync();
        _fetched.Writer.Complete();
        _threads.ForEach(thread => thread.Join());
        _fetcher.Dispose();
    }

    private async Task RunAsync(FetchJob job, bool isGivenUp)
    {
        await Task.Yield(); // whoever adds many jobs does not begin them all itself
        var isAnswered = true;
        var hasHost = true;
        try
        {
            var body = isGivenUp ? throw new FetchException(FetchCause.HostSilent, job.Host) : await _fetcher.FetchAsync(job.Url, _cancellation);
            _scheduler.FreeHost(job.Host, answered: true);
            hasHost = false;
            _counts.AddBytes(body.Length);
            await _fetched.Writer.WriteAsync((job, body), CancellationToken.None);
        }
        catch (FetchException e)
        {
            isAnswered = e.Cause is not (FetchCause.TimedOut or FetchCause.ConnectionFailed or FetchCause.NameFailed or FetchCause.HostSilent);
            FailOrRetry(job, e);
        }
        catch (OperationCanceledException) when (_cancellation.IsCancellationRequested)
        {
            // The row stays open.
        }
        catch (Exception e)
        {
            _fail(e);
        }
        finally
        {
            if (hasHost)
            {
                _scheduler.FreeHost(job.Host, isAnswered);
            }

            _scheduler.FreePlace();
        }
    }

    private void FailOrRetry(FetchJob job, FetchException e)
    {
        if (!e.IsPassing || e.Cause == FetchCause.HostSilent || job.Tries >= _options.Retries)
        {
            Record(job.Shard, job.Rows, RowOutcome.Failed(RowOutcome.FailedToDownload, e.Cause), default);
            return;
        }

        // Spread by chance, so that what failed together does not come back together.
        var wait = _options.RetryDelay * Math.Pow(2, job.Tries++) * (0.75 + (Random.Shared.NextDouble() / 2));
        wait = e.RetryAfter is { } asked && asked > wait ? asked : wait;
        _scheduler.AddLater(job, wait < _options.LongestWait ? wait : _options.LongestWait, pausesHost: e.RetryAfter is not null);
    }

    private void Prepare()
    {
        var reader = _fetched.Reader;
        while (reader.WaitToReadAsync().AsTask().GetAwaiter().GetResult())
        {
            while (reader.TryRead(out var next))
            {
                try
                {
                    using var body = next.Body;
                    Prepare(next.Job, body.Content);
                }
                catch (Exception e)
                {
                    _fail(e);
                }
            }
        }
    }

    private void Prepare(FetchJob job, ReadOnlyMemory<byte> file)
    {
        var hash = Convert.ToHexStringLower(SHA256.HashData(file.Span));
        var isRight = job.Rows.ToLookup(row => job.Shard.Rows[row].Hash is not { } wanted || wanted.Equals(hash, StringComparison.OrdinalIgnoreCase));
        Record(job.Shard, isRight[false], RowOutcome.Failed(RowOutcome.FailedToDownload, HashMismatch), default);
        if (!isRight[true].Any())
        {
            return;
        }

        RowOutcome outcome;
        ReadOnlyMemory<byte> content = default;
        try
        {
            var image = _preparation.Prepare(file);
            content = image.Content;
            outcome = new RowOutcome
            {
                Status = RowOutcome.Success,
                Width = image.Width,
                Height = image.Height,
                OriginalWidth = image.OriginalWidth,
                OriginalHeight = image.OriginalHeight,
                Exif = ExifFields.ToJson(file),
                Sha256 = hash,
                Extension = image.Extension,
            };
        }
        catch (BadSampleException e)
        {
            outcome = RowOutcome.Failed(RowOutcome.FailedToResize, e.Cause);
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            // Whatever a decoder does with a stranger's bytes costs their row, not the run.
            outcome = RowOutcome.Failed(RowOutcome.FailedToResize, DecoderFailed);
        }

        Record(job.Shard, isRight[true], outcome, content);
    }

    private void Record(ShardWork shard, IEnumerable<int> rows, RowOutcome outcome, ReadOnlyMemory<byte> image)
    {
        try
        {
            foreach (var row in rows)
            {
                var isLast = shard.Record(row, outcome, image);
                _counts.Add(outcome);
                if (isLast)
                {
                    _complete(shard);
                }
            }
        }
        catch (Exception e)
        {
            _fail(e); // a full disk
        }
    }
}
