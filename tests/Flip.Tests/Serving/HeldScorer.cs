using System.Collections.Concurrent;
using Flip.Serving;

namespace Flip.Tests.Serving;

/// <summary>A classifier of two classes that computes when a test lets it, and remembers its batches. The score of an image is its first byte.</summary>
internal sealed class HeldScorer : IClassScorer, IDisposable
{
    private readonly SemaphoreSlim _turns = new(0);

    public IReadOnlyList<string> ClassNames { get; } = ["dark", "light"];

    /// <summary>Sizes of the batches that have begun.</summary>
    public ConcurrentQueue<int> Batches { get; } = new();

    /// <summary>Threads that have computed.</summary>
    public ConcurrentDictionary<int, bool> Threads { get; } = new();

    /// <summary>Fails the next batch.</summary>
    public bool Fails { get; set; }

    public void Let(int batches = 1) => _turns.Release(batches);

    /// <summary>Waits until so many batches have begun.</summary>
    public async Task Began(int batches)
    {
        while (Batches.Count < batches)
        {
            await Task.Delay(1, TestContext.Current.CancellationToken);
        }
    }

    public float[] Score(ReadOnlyMemory<byte> pixels, int count)
    {
        Batches.Enqueue(count);
        Threads[Environment.CurrentManagedThreadId] = true;
        _turns.Wait();
        if (Fails)
        {
            Fails = false;
            throw new ArithmeticException("no number");
        }

        var each = pixels.Length / count;
        return [.. Enumerable.Range(0, count).SelectMany(i => new[] { 0f, pixels.Span[i * each] })];
    }

    public void Dispose() => _turns.Dispose();
}
