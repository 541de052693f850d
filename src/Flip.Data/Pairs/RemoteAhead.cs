using System.Collections.Concurrent;
using Flip.Data.Order;
using Flip.Data.Shards;
using Flip.Data.Stores;

namespace Flip.Data.Pairs;

/// <summary>
/// Reads shards of the network ahead of a training, which knows what it will want. Whole shards come into the cache in the order's order, as far ahead as the cache has room; a sample
/// whose shard is not there yet comes by one request for all its members, many of them at a time. So a training begins at once, and later reads files.
/// </summary>
internal sealed class RemoteAhead : IDisposable
{
    private const int MostWaiting = 4096; // samples that are asked for and not taken
    private const int MostGap = 1 << 16; // bytes between the members of a sample that are read with them
    private const double ShareOfCache = 0.9; // what is brought ahead; the rest is for what a window leaves behind
    private static readonly TimeSpan Poll = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan StopPatience = TimeSpan.FromSeconds(10);

    private readonly DataSetIndex _index;
    private readonly ShardFiles _files;
    private readonly RemoteFiles _remote;
    private readonly CancellationTokenSource _stop = new();
    private readonly BlockingCollection<Wanted> _queue = [];
    private readonly ConcurrentDictionary<long, Wanted> _wanted = new();
    private readonly List<Thread> _threads = [];
    private long _position;
    private Exception? _fault;

    public RemoteAhead(DataSetIndex index, ShardFiles files, RemoteFiles remote)
    {
        (_index, _files, _remote) = (index, files, remote);
    }

    /// <summary>Begins to bring shards.</summary>
    /// <param name="order">In which order samples are wanted.</param>
    /// <param name="source">Which of its sources this is.</param>
    /// <param name="start">The first position that is wanted.</param>
    public void Begin(ISampleOrder order, int source, long start)
    {
        _position = start;
        for (var i = 0; i < _remote.PartsAtOnce; i++)
        {
            Start($"flip-parts-{i}", ReadParts);
        }

        if (_remote.CacheBytes > 0)
        {
            Start("flip-shards", () => RemoteFiles.Wait(BringShardsAsync(order.ShardsFrom(source, start))));
        }
    }

    /// <summary>Asks for samples, as far as they are not in the cache.</summary>
    /// <param name="position">The position of the first.</param>
    /// <param name="samples">Which.</param>
    public void Ahead(long position, IReadOnlyList<long> samples)
    {
        Volatile.Write(ref _position, position);
        for (var i = 0; i < samples.Count && _wanted.Count < MostWaiting; i++)
        {
            var wanted = new Wanted(samples[i]);
            if (_files.IsInParts(_index.ShardOf(wanted.Sample)) && _wanted.TryAdd(wanted.Sample, wanted))
            {
                _queue.Add(wanted);
            }
        }
    }

    /// <summary>The bytes of a sample that was asked for; no part where it is to be read in the usual way.</summary>
    /// <exception cref="IOException">Its store does not give it, or a shard is not what was indexed.</exception>
    public ShardPart Take(long sample)
    {
        if (Volatile.Read(ref _fault) is { } fault)
        {
            throw new IOException(fault.Message, fault);
        }

        return _wanted.TryRemove(sample, out var wanted) && !wanted.TryClaim() ? RemoteFiles.Wait(wanted.Part.Task) : default;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        // A store that does not answer must not hold up the end of a run: the threads are background threads.
        _stop.Cancel();
        var deadline = DateTime.UtcNow + StopPatience;
        _threads.ForEach(thread => thread.Join(TimeSpan.FromTicks(Math.Max(0, (deadline - DateTime.UtcNow).Ticks))));
        if (_threads.TrueForAll(thread => !thread.IsAlive))
        {
            _queue.Dispose();
            _stop.Dispose();
        }
    }

    private void Start(string name, Action work)
    {
        var thread = new Thread(() => RunToStop(work)) { IsBackground = true, Name = name };
        _threads.Add(thread);
        thread.Start();
    }

    private void RunToStop(Action work)
    {
        try
        {
            work();
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // the end
        }
        catch (Exception e)
        {
            Volatile.Write(ref _fault, e); // told to whoever takes a sample next
        }
    }

    private void ReadParts()
    {
        foreach (var wanted in _queue.GetConsumingEnumerable(_stop.Token))
        {
            if (!wanted.TryClaim())
            {
                continue; // a loader's thread was quicker
            }

            try
            {
                wanted.Part.SetResult(Read(wanted.Sample));
            }
            catch (BadSampleException)
            {
                wanted.Part.SetResult(default); // found again, and counted, by who reads it
            }
            catch (Exception e)
            {
                wanted.Part.SetException(e);
            }
        }
    }

    /// <summary>All members of a sample by one request, where they lie together; no part where not, or where the shard has come.</summary>
    private ShardPart Read(long sample)
    {
        var (shard, entry) = _index.Find(sample);
        var members = new[] { entry.Image, entry.Text, entry.Json, entry.Class }.Where(member => member.IsPresent).ToList();
        var (first, end, bytes) = (members.Min(member => member.Offset), members.Max(member => member.End), members.Sum(member => (long)member.Length));
        if (end - first > bytes + MostGap || bytes > ImageFileSize.Most || _index.Shards[shard].Sparse.Count > 0 || !_files.IsInParts(shard))
        {
            return default;
        }

        var part = new byte[end - first];
        RemoteFiles.Wait(_remote.ReadAsync(_index.Shards[shard].Path, first, part, _stop.Token));
        return new ShardPart(first, part);
    }

    private async Task BringShardsAsync(IEnumerable<(int Shard, long End)> wanted)
    {
        var (room, budget) = (new Queue<(long End, long Bytes)>(), (long)(_remote.CacheBytes * ShareOfCache));
        using var atOnce = new SemaphoreSlim(_remote.FilesAtOnce);
        foreach (var (shard, end) in wanted)
        {
            var path = _index.Shards[shard].Path;
            if (!StoreAddress.Is(path))
            {
                continue;
            }

            var bytes = (await _remote.StatAsync(path, _stop.Token)).Length;
            await HaveRoomAsync(room, bytes, budget);
            if (bytes > budget || end <= Volatile.Read(ref _position))
            {
                continue; // it is read in parts, or was
            }

            room.Enqueue((end, bytes));
            await atOnce.WaitAsync(_stop.Token);
            _ = BringAsync(path, atOnce);
        }
    }

    private async Task BringAsync(string path, SemaphoreSlim atOnce)
    {
        try
        {
            await _remote.BringAsync(path, _stop.Token);
            atOnce.Release();
        }
        catch (Exception e) when (_stop.IsCancellationRequested || e is ObjectDisposedException)
        {
            // the end
        }
        catch (Exception e)
        {
            Volatile.Write(ref _fault, e);
        }
    }

    /// <summary>Waits until the windows that are still wanted leave room for one more shard.</summary>
    private async Task HaveRoomAsync(Queue<(long End, long Bytes)> room, long bytes, long budget)
    {
        while (true)
        {
            while (room.TryPeek(out var first) && first.End <= Volatile.Read(ref _position))
            {
                room.Dequeue();
            }

            if (room.Count == 0 || room.Sum(shard => shard.Bytes) + bytes <= budget)
            {
                return;
            }

            await Task.Delay(Poll, _stop.Token);
        }
    }

    /// <summary>A sample that is asked for.</summary>
    private sealed class Wanted(long sample)
    {
        private int _claimed;

        public long Sample { get; } = sample;

        public TaskCompletionSource<ShardPart> Part { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>Whether the caller is the first, and so the one that reads it.</summary>
        public bool TryClaim() => Interlocked.Exchange(ref _claimed, 1) == 0;
    }
}
