namespace Flip.Data.Simulation;

/// <summary>
/// What a training waits for shards of the network, by arithmetic: shards come into the cache in order with the bandwidth that single requests leave, as far ahead as the cache has
/// room; a sample whose shard is not there is a request. Decoding, and what servers do beside, are not in it.
/// </summary>
public sealed record LoadingSimulation
{
    private const double ShareOfCache = 0.9; // that is filled ahead
    private const int StepsOfWindow = 400;

    /// <summary>Number of shards.</summary>
    public required int Shards { get; init; }

    /// <summary>Bytes of a shard.</summary>
    public required double ShardBytes { get; init; }

    /// <summary>Samples of a shard.</summary>
    public required int ShardSamples { get; init; }

    /// <summary>Samples a second that all ranks of a machine take together.</summary>
    public required double SamplesPerSecond { get; init; }

    /// <summary>Bytes a second that the machine gets.</summary>
    public required double Bandwidth { get; init; }

    /// <summary>Bytes of the cache, which all ranks of the machine share.</summary>
    public required double CacheBytes { get; init; }

    /// <summary>Shards whose samples are shuffled together.</summary>
    public int Window { get; init; } = 64;

    /// <summary>Seconds from a request to its first byte.</summary>
    public double Latency { get; init; } = 0.05;

    /// <summary>Requests for samples at the same time, of all ranks of the machine.</summary>
    public int RequestsAtOnce { get; init; } = 64;

    /// <summary>Runs a training of some epochs.</summary>
    /// <param name="epochs">How many, from 1.</param>
    public LoadingResult Run(int epochs = 2)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(epochs, 1);
        var window = Window == 0 ? Shards : Math.Min(Window, Shards);
        var (sampleBytes, windowSamples, budget) = (ShardBytes / ShardSamples, (double)window * ShardSamples, CacheBytes * ShareOfCache);
        var (time, waited, position, fetched, moved, requests, first) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0);
        var (all, whole) = ((double)Shards * ShardSamples, (double)Shards * ShardBytes);
        var staysWhole = whole <= budget; // everything comes in the first epoch
        var requestsPerSecond = Math.Min(RequestsAtOnce / Math.Max(Latency, 1e-6), Bandwidth / sampleBytes);
        var step = windowSamples / SamplesPerSecond / StepsOfWindow;
        var epoch = new List<double>();
        while (epoch.Count < epochs)
        {
            var isKept = epoch.Count > 0 && staysWhole;
            var begin = Math.Floor(position / windowSamples) * windowSamples * sampleBytes;
            fetched = Math.Max(fetched, begin); // a window that went by is not fetched any more
            var here = isKept ? 1 : Math.Clamp((fetched - begin) / (windowSamples * sampleBytes), 0, 1);
            var rate = here >= 1 ? SamplesPerSecond : Math.Min(SamplesPerSecond, requestsPerSecond / (1 - here));
            var byRequests = rate * (1 - here) * sampleBytes;
            var room = Math.Min(begin + budget, staysWhole ? whole : whole * epochs) - fetched;
            var more = isKept ? 0 : Math.Clamp(Math.Max(0, Bandwidth - byRequests) * step, 0, Math.Max(0, room));
            (fetched, moved, requests) = (fetched + more, moved + more + (byRequests * step), requests + (rate * (1 - here) * step));
            position += rate * step;
            time += step;
            waited += step * (1 - (rate / SamplesPerSecond));
            first = position <= windowSamples ? waited / time : first;
            if (position >= all * (epoch.Count + 1))
            {
                epoch.Add(waited);
            }
        }

        var last = epochs > 1 ? epoch[^1] - epoch[^2] : epoch[0];
        var lastTime = (all / SamplesPerSecond) + last;
        return new LoadingResult(time, waited / time, first, last / lastTime, moved, requests);
    }
}

/// <summary>What a simulated training waited.</summary>
/// <param name="Seconds">Its time.</param>
/// <param name="WaitShare">Share of it that was waiting.</param>
/// <param name="FirstWindow">The same of the first window of shards.</param>
/// <param name="LastEpoch">The same of the last epoch.</param>
/// <param name="Bytes">Bytes that came over the network.</param>
/// <param name="Requests">Samples that came by requests of their own.</param>
public sealed record LoadingResult(double Seconds, double WaitShare, double FirstWindow, double LastEpoch, double Bytes, double Requests);
