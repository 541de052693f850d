namespace Flip.Serving.Batching;

/// <summary>Requests of one kind, in a line: their items can be computed together.</summary>
/// <param name="kind">Name of the kind, for metrics.</param>
/// <param name="maxBatch">Items computed at a time.</param>
internal abstract class Lane(string kind, int maxBatch)
{
    /// <summary>Name of the kind.</summary>
    public string Kind => kind;

    /// <summary>Items computed at a time.</summary>
    public int MaxBatch => maxBatch;

    /// <summary>Those that wait, the first to come first. The queue's lock guards it.</summary>
    public LinkedList<PendingRequest> Line { get; } = new();

    /// <summary>Items that wait.</summary>
    public int Waiting { get; set; }

    /// <summary>Computes the items of a batch. On the engine's thread.</summary>
    public abstract void Run(IReadOnlyList<BatchPart> parts, CancellationToken cancellation);
}

/// <summary>Consecutive items of one request in a batch.</summary>
/// <param name="Request">The request.</param>
/// <param name="First">Place of the first of them in it.</param>
/// <param name="Count">Their number.</param>
internal readonly record struct BatchPart(PendingRequest Request, int First, int Count);

/// <inheritdoc/>
/// <typeparam name="TIn">What is computed with.</typeparam>
/// <typeparam name="TOut">What comes of it.</typeparam>
/// <param name="kind">Name of the kind, for metrics.</param>
/// <param name="maxBatch">Items computed at a time.</param>
/// <param name="compute">Computes items, and gives as many results in their order.</param>
internal sealed class Lane<TIn, TOut>(string kind, int maxBatch, Func<IReadOnlyList<TIn>, CancellationToken, IReadOnlyList<TOut>> compute) : Lane(kind, maxBatch)
{
    /// <inheritdoc/>
    public override void Run(IReadOnlyList<BatchPart> parts, CancellationToken cancellation)
    {
        var items = new List<TIn>();
        foreach (var (request, first, count) in parts)
        {
            var typed = (PendingRequest<TIn, TOut>)request;
            items.AddRange(Enumerable.Range(first, count).Select(place => typed[place]));
        }

        var results = compute(items, cancellation);
        if (results.Count != items.Count)
        {
            throw new InvalidOperationException($"A batch of {items.Count} {Kind} gave {results.Count} results.");
        }

        var at = 0;
        foreach (var (request, first, count) in parts)
        {
            for (var i = 0; i < count; i++)
            {
                ((PendingRequest<TIn, TOut>)request).Finish(first + i, results[at++]);
            }
        }
    }
}
