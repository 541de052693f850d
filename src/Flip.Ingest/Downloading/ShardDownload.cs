using System.Diagnostics;
using Flip.Data;
using Flip.Data.Shards;
using Flip.Ingest.Fetching;

namespace Flip.Ingest.Downloading;

/// <summary>What a <see cref="ShardDownload"/> has done.</summary>
/// <param name="Counts">Rows and shards.</param>
/// <param name="Seconds">Time of this run.</param>
public sealed record DownloadResult(DownloadCounts Counts, double Seconds);

/// <summary>
/// Makes shards of a list of addresses. Shard k has the rows of the k-th range of the list that came, in the list's order; beside it are a table of all its rows and its numbers, as
/// img2dataset writes them. A run that was stopped or killed goes on where it was, and the same bodies give the same files, but for the times in the numbers.
/// </summary>
/// <param name="list">The addresses.</param>
/// <param name="folder">Where shards go.</param>
/// <param name="options">How.</param>
/// <param name="resolver">Learns what names stand for; null for the system's.</param>
public sealed class ShardDownload(IUrlList list, string folder, ShardDownloadOptions options, IHostResolver? resolver = null)
{
    private readonly ShardNames _names = new(folder, options.RowsPerShard);

    /// <summary>How far it is.</summary>
    public DownloadCounts Counts { get; } = new();

    /// <summary>Rows of this part; 0 where the list does not tell.</summary>
    public long Rows
    {
        get
        {
            var (shards, rest) = Math.DivRem(list.Count ?? 0, options.RowsPerShard);
            var (turns, turn) = Math.DivRem(shards, options.Parts);
            return ((turns + (options.Part - 1 < turn ? 1 : 0)) * options.RowsPerShard) + (turn == options.Part - 1 ? rest : 0);
        }
    }

    /// <summary>Runs, or goes on.</summary>
    /// <param name="cancellation">Stops; what has come is kept.</param>
    /// <exception cref="ConfigException">The folder is of another list or of other settings.</exception>
    /// <exception cref="IOException">The folder is in use or cannot be written to.</exception>
    public async Task<DownloadResult> RunAsync(CancellationToken cancellation = default)
    {
        var start = Stopwatch.GetTimestamp();
        using var place = DownloadFolder.Take(folder, _names, list, options);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        using var places = new SemaphoreSlim(Math.Max(1, options.OpenShards));
        var failure = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var (open, finishing) = (new HashSet<ShardWork>(), new List<Task>());
        void Fail(Exception e)
        {
            failure.TrySetException(e);
            stop.Cancel();
        }

        void Complete(ShardWork shard)
        {
            var task = Task.Factory.StartNew(() => Finish(shard, stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
            lock (open)
            {
                finishing.Add(task.ContinueWith(
                    done =>
                    {
                        if (done.IsCompletedSuccessfully)
                        {
                            lock (open)
                            {
                                open.Remove(shard);
                            }

                            places.Release();
                        }
                        else if (done.Exception?.InnerException is { } e and not OperationCanceledException)
                        {
                            Fail(e);
                        }
                    },
                    TaskScheduler.Default));
            }
        }

        await using (var pipeline = new RowPipeline(options, resolver, Counts, Complete, Fail, stop.Token))
        {
            try
            {
                await Task.Factory.StartNew(
                    () => Begin(places, shard => Add(shard, pipeline, open), stop.Token), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
                for (var i = 0; i < Math.Max(1, options.OpenShards); i++)
                {
                    await places.WaitAsync(stop.Token); // all shards have given theirs back
                }
            }
            catch (OperationCanceledException) when (failure.Task.IsFaulted)
            {
                // The cause is thrown below.
            }
            catch (Exception e)
            {
                Fail(e); // ends the requests in flight too
            }
        }

        await EndAsync(open, finishing);
        if (failure.Task.IsFaulted)
        {
            cancellation.ThrowIfCancellationRequested();
            await failure.Task;
        }

        if (options.Parts == 1 && Directory.EnumerateFiles(folder, "*" + SourceOptions.ShardExtension).Any())
        {
            new ShardIndexing(cancellation: cancellation).Run(ShardPattern.Expand(folder)); // of parts on several machines no one knows when all are there
        }

        place.Complete();
        return new DownloadResult(Counts, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }

    private static async Task EndAsync(HashSet<ShardWork> open, List<Task> finishing)
    {
        Task[] tasks;
        lock (open)
        {
            tasks = [.. finishing];
        }

        await Task.WhenAll(tasks);
        foreach (var shard in open)
        {
            shard.Dispose();
        }
    }

    private void Add(ShardWork shard, RowPipeline pipeline, HashSet<ShardWork> open)
    {
        lock (open)
        {
            open.Add(shard);
        }

        Counts.AddEarlier(shard.Rows.Count - shard.Open.Count);
        pipeline.Begin(shard);
    }

    private void Finish(ShardWork shard, CancellationToken cancellation)
    {
        shard.Finish(list, cancellation);
        Counts.AddShard(isEarlier: false);
    }

    /// <summary>Reads the list and begins this part's shards that are not finished, in order.</summary>
    private void Begin(SemaphoreSlim places, Action<ShardWork> begin, CancellationToken cancellation)
    {
        var first = FirstOpen();
        var index = first;
        foreach (var rows in list.Read((long)first * options.RowsPerShard, cancellation).Chunk(options.RowsPerShard))
        {
            cancellation.ThrowIfCancellationRequested();
            if (IsMine(index))
            {
                places.Wait(cancellation);
                if (Open(index, rows) is { } shard)
                {
                    begin(shard);
                }
                else
                {
                    places.Release();
                }
            }

            index++;
        }
    }

    /// <summary>The first shard that is not passed over: those before are finished, or other parts'.</summary>
    private int FirstOpen()
    {
        var index = 0;
        while (options.Retry == RetryFailed.None && (IsMine(index) ? IsFinished(index) : File.Exists(_names.Stats(index))))
        {
            if (IsMine(index))
            {
                Pass(index);
            }

            index++;
        }

        return index;
    }

    private ShardWork? Open(int index, IReadOnlyList<UrlRow> rows)
    {
        if (!File.Exists(_names.Stats(index)))
        {
            return ShardWork.Begin(_names, index, rows);
        }

        if (options.Retry == RetryFailed.None && IsFinished(index))
        {
            Pass(index);
            return null;
        }

        if (ShardWork.Again(_names, index, rows, options.Retry) is { } shard)
        {
            return shard;
        }

        Pass(index);
        return null;
    }

    private void Pass(int index)
    {
        Counts.AddShard(isEarlier: true);
        Counts.AddEarlier(ShardStats.Read(_names.Stats(index)).Count);
    }

    private bool IsMine(int index) => index % options.Parts == options.Part - 1;

    private bool IsFinished(int index) => File.Exists(_names.Stats(index)) && !File.Exists(_names.RetrySpool(index));
}
