using System.Diagnostics.Metrics;
using Flip.Data.Images;
using Flip.Serving.Batching;

namespace Flip.Serving;

/// <summary>
/// A model that many threads use at once. Their images and texts are gathered into batches and computed on one thread; the callers' threads decode and tokenise. A
/// queue of bounded length holds what waits: what does not fit is refused with a <see cref="QueueFullException"/>, and what is cancelled leaves it. Embeddings are those of
/// <c>flip embed</c>, to the last bit where the batches are the same. Safe to call from several threads.
/// </summary>
public sealed partial class FlipEngine : IAsyncDisposable, IDisposable
{
    /// <summary>Name of the meter by which an engine counts.</summary>
    public const string MeterName = "Flip.Serving";

    private static readonly TimeSpan DisposalLimit = TimeSpan.FromSeconds(10);

    private readonly EngineMetrics _metrics;
    private readonly BatchQueue _queue;
    private readonly EngineLanes _lanes;
    private readonly ModelThread _thread;
    private readonly ImagePreparation _images;
    private readonly ClassifierMemory _classifiers;
    private readonly Lazy<Task> _end;
    private TimeSpan _limit = DisposalLimit;
    private volatile bool _isWarm;
    private int _isDisposed;

    /// <summary>Starts the engine's thread.</summary>
    /// <param name="model">The model; owned by the engine from here on.</param>
    /// <param name="options">How requests are gathered; null for the defaults.</param>
    /// <param name="meters">Makes the meter; null for one of the engine's own.</param>
    /// <exception cref="ConfigException">The options cannot be used.</exception>
    public FlipEngine(ServedModel model, EngineOptions? options = null, IMeterFactory? meters = null)
    {
        ArgumentNullException.ThrowIfNull(model);
        options ??= new EngineOptions();
        if (options.Problems() is { Count: > 0 } problems)
        {
            throw new ConfigException(problems);
        }

        (Model, Options) = (model, options);
        BatchSize = options.MaxBatch ?? model.BatchSize;
        _metrics = new EngineMetrics(MeterName, meters, () => QueueLength);
        _queue = new BatchQueue(options.QueueLength, options.MaxWait, _metrics);
        _lanes = new EngineLanes(model, _queue, BatchSize);
        _images = new ImagePreparation(EvaluationTransform.Of(model.Config), options.MaxPixels);
        _classifiers = new ClassifierMemory(options.ClassifierMemory);
        _end = new Lazy<Task>(() => Task.Run(EndAsync));
        _thread = new ModelThread(_queue, _metrics);
    }

    /// <summary>What is served.</summary>
    public ServedModel Model { get; }

    /// <summary>How requests are gathered.</summary>
    public EngineOptions Options { get; }

    /// <summary>Items computed at a time, at most.</summary>
    public int BatchSize { get; }

    /// <summary>Places of the queue that are taken: by items that wait, and by requests that are made ready.</summary>
    public int QueueLength => _queue.Taken;

    /// <summary>Whether it has computed once and takes requests.</summary>
    public bool IsReady => _isWarm && !IsEnding;

    /// <summary>Whether it takes no more requests.</summary>
    public bool IsEnding => _queue.IsClosed;

    /// <summary>Bytes of the classifiers made of words that are kept.</summary>
    internal long ClassifierBytes => _classifiers.Bytes;

    /// <summary>Computes one batch of each kind, so that the first request does not pay for what libtorch does once. <see cref="IsReady"/> is true afterwards.</summary>
    /// <param name="cancellation">Stops the waiting.</param>
    /// <exception cref="ArithmeticException">The weights are not usable.</exception>
    public async Task WarmUpAsync(CancellationToken cancellation = default)
    {
        var blank = new byte[Model.Config.Model.Image.ImageSize * Model.Config.Model.Image.ImageSize * 3];
        List<Task> tried =
        [
            .. _lanes.Images is { } images ? new[] { ComputeAsync(images, [blank], cancellation) } : Array.Empty<Task>(),
            .. _lanes.Texts is { } texts ? new[] { ComputeAsync(texts, [Row("a photo")], cancellation) } : Array.Empty<Task>(),
            .. _lanes.Scores is { } scores ? new[] { ComputeAsync(scores, [blank], cancellation) } : Array.Empty<Task>(),
            .. _lanes.Captions is { } captions ? new[] { ComputeAsync(captions, [blank], cancellation) } : Array.Empty<Task>(),
            .. _lanes.Answers is { } answers ? new[] { ComputeAsync(answers, [new AskedImage(blank, ["what is it?"])], cancellation) } : Array.Empty<Task>(),
        ];
        await Task.WhenAll(tried).ConfigureAwait(false);
        _isWarm = true;
    }

    /// <summary>Takes no more requests, finishes those that wait, and ends.</summary>
    /// <param name="limit">How long that may take. What still waits then fails with an <see cref="EngineStoppedException"/>; the batch that is computed is finished.</param>
    public Task DrainAsync(TimeSpan limit)
    {
        if (!_end.IsValueCreated)
        {
            _limit = limit;
        }

        return _end.Value;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await DrainAsync(TimeSpan.Zero).ConfigureAwait(false);
        if (Interlocked.Exchange(ref _isDisposed, 1) == 1)
        {
            return;
        }

        _thread.Dispose();
        _images.Dispose();
        _metrics.Dispose();
        Model.Dispose();
    }

    /// <summary>Ends it; waits for the batch that is computed.</summary>
    public void Dispose() => DisposeAsync().AsTask().GetAwaiter().GetResult();

    private async Task EndAsync()
    {
        _queue.Close();
        var isDone = _queue.WaitUntilEmpty(_limit);
        _queue.End();
        if (!isDone || _limit == TimeSpan.Zero)
        {
            _thread.Abort();
        }

        await _thread.Ended.ConfigureAwait(false);
    }

    /// <summary>Items that need no preparation, in places of their own.</summary>
    private async Task<IReadOnlyList<TOut>> ComputeAsync<TIn, TOut>(Lane<TIn, TOut> lane, IReadOnlyList<TIn> items, CancellationToken cancellation)
    {
        using var places = _queue.Reserve(lane.Kind, items.Count);
        return await _queue.AddAsync(places, lane, items, cancellation).ConfigureAwait(false);
    }

    /// <summary>Images, decoded once they have places in the queue.</summary>
    private async Task<IReadOnlyList<TOut>> ComputeAsync<TIn, TOut>(
        Lane<TIn, TOut> lane, IReadOnlyList<ReadOnlyMemory<byte>> images, Func<byte[], TIn> toItem, CancellationToken cancellation)
    {
        using var places = _queue.Reserve(lane.Kind, images.Count);
        var prepared = await _images.PrepareAsync(images, cancellation).ConfigureAwait(false);
        return await _queue.AddAsync(places, lane, [.. prepared.Select(toItem)], cancellation).ConfigureAwait(false);
    }

    /// <summary>Something that libtorch computes on the engine's thread.</summary>
    private async Task<T> CallAsync<T>(Func<T> call, CancellationToken cancellation)
        where T : class => (T)(await ComputeAsync(_lanes.Calls, [() => call()], cancellation).ConfigureAwait(false))[0];

    private TextRow Row(string text)
    {
        var row = new int[Model.Encoder!.TextLength];
        return new TextRow(row, Model.Tokenizer!.EncodeRow(text, row));
    }

    private T Require<T>(T? part, string ability)
        where T : class => part ?? throw new MissingAbilityException(ability, Model.Name, Model.Abilities);
}
