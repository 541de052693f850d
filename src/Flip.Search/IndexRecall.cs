using System.Diagnostics;

namespace Flip.Search;

/// <summary>How many of the true nearest neighbours a search of an index finds, and how long it takes.</summary>
/// <param name="Recall">Share of the true ones that are found, 0 to 1; 1 where every vector is compared.</param>
/// <param name="Top">Neighbours of each query, k.</param>
/// <param name="Samples">Queries: vectors of the index.</param>
/// <param name="Vectors">Vectors that were searched.</param>
/// <param name="UsesGraph">Whether searches follow the graph; a small index compares every vector.</param>
/// <param name="SecondsPerQuery">Time of a search, on one thread, without names of images.</param>
/// <param name="SecondsPerExactQuery">Time of a comparison with every vector.</param>
public sealed record IndexRecall(double Recall, int Top, int Samples, int Vectors, bool UsesGraph, double SecondsPerQuery, double SecondsPerExactQuery)
{
    /// <summary>Queries, where nothing else is said.</summary>
    public const int DefaultSamples = 200;

    /// <summary>Neighbours, where nothing else is said.</summary>
    public const int DefaultTop = 10;

    internal static IndexRecall Measure(IndexSnapshot snapshot, int samples, int top, CancellationToken cancellation)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(samples);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(top);
        if (snapshot.Vectors is not { } vectors || snapshot.Contents.Count < 2)
        {
            throw new ConfigException("The index has too few images to measure a search by: it takes two.");
        }

        var contents = snapshot.Contents;
        var count = Math.Min(samples, contents.Count);
        var alive = contents.Count == vectors.Count ? null : contents.ToHashSet();
        var (found, wanted) = (0L, 0L);
        var (approximate, exact) = (new Stopwatch(), new Stopwatch());
        var query = new float[snapshot.Description.Settings.EmbedDim];
        for (var sample = 0; sample < count; sample++)
        {
            cancellation.ThrowIfCancellationRequested();
            var content = contents[(int)((long)sample * contents.Count / count)];
            vectors.TryGet(content, query);
            var (truth, search) = (Timed(exact, isExact: true), Timed(approximate, isExact: false));
            wanted += truth.Count;
            found += truth.Intersect(search).Count();
        }

        return new IndexRecall((double)found / wanted, top, count, contents.Count, vectors.UsesGraph, approximate.Elapsed.TotalSeconds / count, exact.Elapsed.TotalSeconds / count);

        // The vector itself is a neighbour that every search finds: it does not count.
        List<long> Timed(Stopwatch clock, bool isExact)
        {
            clock.Start();
            var near = vectors.Search(query, top + 1, alive is null ? null : alive.Contains, isExact);
            clock.Stop();
            return [.. near.Skip(1).Select(match => match.Key)];
        }
    }
}
