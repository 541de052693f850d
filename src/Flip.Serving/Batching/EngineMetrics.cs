using System.Diagnostics.Metrics;

namespace Flip.Serving.Batching;

/// <summary>What an engine counts, by <see cref="System.Diagnostics.Metrics"/>. Every figure has the kind of item as its tag.</summary>
internal sealed class EngineMetrics : IDisposable
{
    private const string Kind = "kind";

    private readonly Meter _meter;
    private readonly bool _isOwn;
    private readonly Counter<long> _requests;
    private readonly Counter<long> _items;
    private readonly Counter<long> _refused;
    private readonly Counter<long> _cancelled;
    private readonly Counter<long> _failed;
    private readonly Counter<long> _batches;
    private readonly Histogram<int> _batchSize;
    private readonly Histogram<double> _wait;
    private readonly Histogram<double> _compute;

    /// <param name="name">Name of the meter.</param>
    /// <param name="factory">Makes the meter; null for one of its own.</param>
    /// <param name="queueLength">Tells how many places of the queue are taken.</param>
    public EngineMetrics(string name, IMeterFactory? factory, Func<int> queueLength)
    {
        (_meter, _isOwn) = (factory?.Create(name) ?? new Meter(name), factory is null);
        _requests = _meter.CreateCounter<long>("flip.requests", "{request}", "Requests that came into the queue.");
        _items = _meter.CreateCounter<long>("flip.items", "{item}", "Images and texts that came into the queue.");
        _refused = _meter.CreateCounter<long>("flip.refused", "{request}", "Requests that were refused since the queue was full.");
        _cancelled = _meter.CreateCounter<long>("flip.cancelled", "{request}", "Requests that were cancelled before they were done.");
        _failed = _meter.CreateCounter<long>("flip.failed", "{batch}", "Batches whose computation failed.");
        _batches = _meter.CreateCounter<long>("flip.batches", "{batch}", "Batches that were computed.");
        _batchSize = _meter.CreateHistogram("flip.batch.size", "{item}", "Items of a batch.", advice: new InstrumentAdvice<int> { HistogramBucketBoundaries = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024] });
        double[] seconds = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
        _wait = _meter.CreateHistogram("flip.queue.wait", "s", "Time that a request waited for its first batch.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = seconds });
        _compute = _meter.CreateHistogram("flip.batch.duration", "s", "Time that a batch was computed.", advice: new InstrumentAdvice<double> { HistogramBucketBoundaries = seconds });
        _meter.CreateObservableGauge("flip.queue.length", queueLength, "{item}", "Places of the queue that are taken.");
    }

    public void Came(string kind, int items)
    {
        _requests.Add(1, Tag(kind));
        _items.Add(items, Tag(kind));
    }

    public void Refused(string kind) => _refused.Add(1, Tag(kind));

    public void Cancelled(string kind) => _cancelled.Add(1, Tag(kind));

    public void Failed(string kind) => _failed.Add(1, Tag(kind));

    public void Waited(string kind, TimeSpan time) => _wait.Record(time.TotalSeconds, Tag(kind));

    public void Computed(string kind, int items, TimeSpan time)
    {
        _batches.Add(1, Tag(kind));
        _batchSize.Record(items, Tag(kind));
        _compute.Record(time.TotalSeconds, Tag(kind));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_isOwn) // a factory's is the factory's
        {
            _meter.Dispose();
        }
    }

    private static KeyValuePair<string, object?> Tag(string kind) => new(Kind, kind);
}
