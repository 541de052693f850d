using Flip.Ingest.Formats;

namespace Flip.Tests.Ingest;

/// <summary>A source in memory, which may fail.</summary>
internal sealed class MemoryPairs(IReadOnlyList<SourcePair> pairs) : IPairReader
{
    public string Format => "memory";

    public long? Count => IsCounted ? pairs.Count : null;

    public bool IsCounted { get; init; } = true;

    public IReadOnlyList<string>? Classes { get; init; }

    public int FailAt { get; init; } = int.MaxValue;

    public IEnumerable<SourcePair> Read(long first = 0, CancellationToken cancellation = default)
    {
        for (var i = (int)first; i < pairs.Count; i++)
        {
            yield return i == FailAt ? throw new IOException("The disk fails.") : pairs[i];
        }
    }
}
