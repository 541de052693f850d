namespace Flip.Ingest.Downloading;

/// <summary>
/// Starts jobs: so many at a time, so many of one host, hosts in turn. A job that waits for its host holds up no job of another. A host that is silent many times in a row is given
/// up, and one that asks for a pause gets it. Written by hand, for a library's retry would hold a place while it waits. Safe to call from several threads.
/// </summary>
/// <param name="concurrency">Jobs at a time.</param>
/// <param name="perHost">Jobs of one host at a time.</param>
/// <param name="silentLimit">Failures in a row without any answer after which a host is given up.</param>
/// <param name="start">Starts a job, and does not wait for it; its second argument says that the host is given up.</param>
internal sealed class HostScheduler(int concurrency, int perHost, int silentLimit, Action<FetchJob, bool> start)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Host> _hosts = new(StringComparer.OrdinalIgnoreCase);
    private readonly Dictionary<string, int> _silent = new(StringComparer.OrdinalIgnoreCase);
    private readonly Queue<Host> _ready = new();
    private readonly TaskCompletionSource _idle = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _isStopped;

    /// <summary>Jobs that hold a place.</summary>
    public int Running { get; private set; }

    /// <summary>Takes jobs.</summary>
    public void Add(IEnumerable<FetchJob> jobs)
    {
        lock (_gate)
        {
            foreach (var job in jobs)
            {
                if (!_hosts.TryGetValue(job.Host, out var host))
                {
                    _hosts[job.Host] = host = new Host(job.Host);
                }

                host.Waiting.Enqueue(job);
                MakeReady(host);
            }
        }

        Pump();
    }

    /// <summary>Takes a job again after a wait, in which it holds no place.</summary>
    /// <param name="job">The job, which has given back its host and its place.</param>
    /// <param name="wait">How long.</param>
    /// <param name="pausesHost">Whether other jobs of its host wait too.</param>
    public void AddLater(FetchJob job, TimeSpan wait, bool pausesHost)
    {
        if (pausesHost)
        {
            Pause(job.Host, wait);
        }

        _ = Task.Delay(wait).ContinueWith(_ => Add([job]), TaskScheduler.Default);
    }

    /// <summary>A job does not need its host any more.</summary>
    /// <param name="name">The host.</param>
    /// <param name="answered">Whether the host has said anything.</param>
    public void FreeHost(string name, bool answered)
    {
        lock (_gate)
        {
            if (answered)
            {
                _silent.Remove(name);
            }
            else
            {
                _silent[name] = _silent.GetValueOrDefault(name) + 1;
            }

            var host = _hosts[name];
            host.Running--;
            MakeReady(host);
            Forget(host);
        }

        Pump();
    }

    /// <summary>A job does not need its place any more.</summary>
    public void FreePlace()
    {
        lock (_gate)
        {
            Running--;
            EndIfIdle();
        }

        Pump();
    }

    /// <summary>Starts nothing more.</summary>
    /// <returns>Done when no job holds a place.</returns>
    public Task StopAsync()
    {
        lock (_gate)
        {
            _isStopped = true;
            EndIfIdle();
        }

        return _idle.Task;
    }

    private void Pause(string name, TimeSpan wait)
    {
        lock (_gate)
        {
            if (!_hosts.TryGetValue(name, out var host))
            {
                _hosts[name] = host = new Host(name);
            }

            host.Pauses++;
        }

        _ = Task.Delay(wait).ContinueWith(_ => Resume(name), TaskScheduler.Default);
    }

    private void Resume(string name)
    {
        lock (_gate)
        {
            var host = _hosts[name];
            host.Pauses--;
            MakeReady(host);
            Forget(host);
        }

        Pump();
    }

    private void Pump()
    {
        while (true)
        {
            FetchJob job;
            bool isGivenUp;
            lock (_gate)
            {
                if (_isStopped || Running >= concurrency || !_ready.TryDequeue(out var host))
                {
                    return;
                }

                host.IsReady = false;
                if (host.Pauses > 0)
                {
                    continue; // it comes back with the pause's end
                }

                job = host.Waiting.Dequeue();
                host.Running++;
                Running++;
                MakeReady(host);
                isGivenUp = _silent.GetValueOrDefault(host.Name) >= silentLimit;
            }

            start(job, isGivenUp);
        }
    }

    private void MakeReady(Host host)
    {
        if (!host.IsReady && host.Pauses == 0 && host.Waiting.Count > 0 && host.Running < perHost)
        {
            host.IsReady = true;
            _ready.Enqueue(host);
        }
    }

    private void Forget(Host host)
    {
        if (host is { Running: 0, Pauses: 0, Waiting.Count: 0 })
        {
            _hosts.Remove(host.Name);
        }
    }

    private void EndIfIdle()
    {
        if (_isStopped && Running == 0)
        {
            _idle.TrySetResult();
        }
    }

    private sealed class Host(string name)
    {
        public string Name => name;

        public Queue<FetchJob> Waiting { get; } = new();

        public int Running { get; set; }

        public int Pauses { get; set; }

        public bool IsReady { get; set; }
    }
}
