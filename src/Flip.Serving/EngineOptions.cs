namespace Flip.Serving;

/// <summary>How an engine gathers requests into batches.</summary>
public sealed record EngineOptions
{
    /// <summary>The longest wait that may be set.</summary>
    public static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(10);

    /// <summary>The largest batch that may be set.</summary>
    public const int LargestBatch = 1 << 16;

    /// <summary>The longest queue that may be set.</summary>
    public const int LongestQueue = 1 << 20;

    /// <summary>The largest memory for classifiers that may be set, bytes.</summary>
    public const long LargestClassifierMemory = 1L << 34;

    /// <summary>Items computed at a time, at least 1; null takes the model's (<see cref="ServedModel.BatchSize"/>).</summary>
    public int? MaxBatch { get; init; }

    /// <summary>How long the first item of a batch waits for others, 0 to 10 s. A batch that is full does not wait.</summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromMilliseconds(2);

    /// <summary>Items that may wait, 1 to 1 048 576: images and texts, of all requests. What does not fit is refused with a <see cref="Batching.QueueFullException"/>.</summary>
    public int QueueLength { get; init; } = 2048;

    /// <summary>Width times height above which an image is refused by its header, before it is decoded; at least 1.</summary>
    public long MaxPixels { get; init; } = 32_000_000;

    /// <summary>Bytes of classifiers made of words that are kept for the next request with the same words; 0 keeps none.</summary>
    public long ClassifierMemory { get; init; } = 64 << 20;

    /// <summary>Every problem of these options.</summary>
    public IReadOnlyList<string> Problems() =>
    [
        .. MaxBatch is < 1 or > LargestBatch ? new[] { FormattableString.Invariant($"MaxBatch = {MaxBatch}: must be from 1 to {LargestBatch}.") } : [],
        .. MaxWait < TimeSpan.Zero || MaxWait > LongestWait ? new[] { FormattableString.Invariant($"MaxWait = {MaxWait.TotalMilliseconds} ms: must be from 0 to {LongestWait.TotalMilliseconds}.") } : [],
        .. QueueLength is < 1 or > LongestQueue ? new[] { FormattableString.Invariant($"QueueLength = {QueueLength}: must be from 1 to {LongestQueue}.") } : [],
        .. MaxPixels < 1 ? new[] { FormattableString.Invariant($"MaxPixels = {MaxPixels}: must be at least 1.") } : [],
        .. ClassifierMemory is < 0 or > LargestClassifierMemory
            ? new[] { FormattableString.Invariant($"ClassifierMemory = {ClassifierMemory}: must be from 0 to {LargestClassifierMemory}.") } : [],
    ];
}
