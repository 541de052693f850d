using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Probes;
using static Flip.Tests.Evaluation.Probes.ProbeData;

namespace Flip.Tests.Evaluation.Probes;

public sealed class NearestNeighborsTests
{
    // Directions at 0, 90, 180 and 60 degrees, of different lengths.
    private static readonly LabelledFeatures Train = new(
        [2, 0, 0, 0.5f, -3, 0, 0.5f, 0.8660254f], 2, [0, 1, 1, 2], ["0", "90", "180", "60"], Names(3));

    private static LabelledFeatures Query(float x, float y, int label = 0) => new([x, y], 2, [label], ["query"], Names(3));

    [Fact]
    public void Neighbours_are_the_nearest_directions()
    {
        var found = NearestNeighbors.Find(Train, Query(10, 0), 3);
        Assert.Equal([0, 3, 1], found.Indices);
        Assert.Equal([1, 0.5f, 0], found.Cosines.Select(cosine => MathF.Round(cosine, 5)));
        Assert.Equal(4, NearestNeighbors.Find(Train, Query(1, 0), 20).Count);
    }

    [Fact]
    public void Votes_are_counted_or_weighted()
    {
        var query = Query(0, 1); // 90: cosine 1, 60: 0.866, 0 and 180: 0
        var found = NearestNeighbors.Find(Train, query, 4);
        Assert.Equal([1, 3, 0, 2], found.Indices);
        Assert.Equal([1, 2, 1], Scores(NearestNeighbors.Vote(found, Train, query, null, keepScores: true)));
        var weighted = Scores(NearestNeighbors.Vote(found, Train, query, 0.07, keepScores: true)); // relative to the nearest
        Assert.Equal(Math.Exp(-1 / 0.07), weighted[0], 1e-9);
        Assert.Equal(1 + Math.Exp(-1 / 0.07), weighted[1], 1e-6);
        Assert.Equal(Math.Exp((Math.Sqrt(0.75) - 1) / 0.07), weighted[2], 1e-5);

        // Three weak votes against a strong one: the two ways differ.
        var crowd = new LabelledFeatures([1, 0, 0.5f, 1, 0.5f, 1, 0.5f, 1], 2, [0, 1, 1, 1], ["a", "b", "c", "d"], Names(3));
        var results = NearestNeighbors.Run(crowd, Query(1, 0.01f), 4);
        Assert.Equal([1.0, 0.0], results.Select(result => result.Outcome.Value(Metric.Top1)));
        Assert.Equal([NearestNeighbors.Weighted, NearestNeighbors.Majority], results.Select(result => result.Method));
    }

    [Fact]
    public void Equals_stand_in_the_order_of_the_training_set()
    {
        var same = new LabelledFeatures([1, 0, 2, 0, 3, 0, 4, 0], 2, [3, 2, 1, 0], ["a", "b", "c", "d"], Names(4));
        Assert.Equal([0, 1], NearestNeighbors.Find(same, Query(1, 0), 2).Indices);
        Assert.Equal([0, 1], NearestNeighbors.Find(same, Query(1, 0), 2, trainRowsAtOnce: 1).Indices);
    }

    [Fact]
    public void Blocks_do_not_show_and_all_pairs_are_compared()
    {
        var (train, test) = (Clusters(20, 7, 19, 1, 1), Clusters(9, 7, 19, 1, 2));
        var whole = NearestNeighbors.Find(train, test, 20);
        var blocks = NearestNeighbors.Find(train, test, 20, trainRowsAtOnce: 6, testRowsAtOnce: 5);
        Assert.Equal(whole.Indices, blocks.Indices);
        Assert.Equal(whole.Cosines, blocks.Cosines);
        for (var image = 0; image < test.Count; image++)
        {
            var expected = Enumerable.Range(0, train.Count).OrderByDescending(other => Cosine(test, image, train, other)).Take(20);
            Assert.Equal(expected, whole.Indices[(image * 20)..((image + 1) * 20)]);
        }

        static double Cosine(LabelledFeatures a, int i, LabelledFeatures b, int j)
        {
            var (x, y) = (Row(a, i), Row(b, j));
            return x.Zip(y, (p, q) => p * q).Sum() / Math.Sqrt(x.Sum(p => p * p) * y.Sum(q => q * q));
        }

        static double[] Row(LabelledFeatures set, int i) => Array.ConvertAll(set.Values[(i * set.Dim)..((i + 1) * set.Dim)], value => (double)value);
    }

    [Fact]
    public void Separable_classes_are_told_apart() =>
        Assert.All(
            NearestNeighbors.Run(Clusters(20, 6, 12, 0.05, 1), Clusters(10, 6, 12, 0.05, 2), 5),
            result => Assert.Equal(1, result.Outcome.Value(Metric.Top1)));
}
