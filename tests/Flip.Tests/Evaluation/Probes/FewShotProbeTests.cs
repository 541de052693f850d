using Flip.Evaluation.Metrics;
using Flip.Evaluation.Outcomes;
using Flip.Evaluation.Probes;
using static Flip.Tests.Evaluation.Probes.ProbeData;

namespace Flip.Tests.Evaluation.Probes;

public sealed class FewShotProbeTests
{
    [Fact]
    public void More_shots_are_better_and_draws_differ()
    {
        var (train, test) = (Clusters(30, 5, 24, 2.5, 1), Clusters(40, 5, 24, 2.5, 2));
        var one = FewShotProbe.Run(train, test, 1, 3, new()).Of(Metric.Top1);
        var sixteen = FewShotProbe.Run(train, test, 16, 3, new());
        Assert.True(sixteen.Of(Metric.Top1).Mean > one.Mean + 0.1, $"{one.Mean}");
        Assert.True(one.Deviation > 0);
        Assert.Equal(3, sixteen.Draws.Count);
        ScoredClass[][] Draw(FewShotResult result) => [.. result.Draws[1].Outcome.Predictions.Select(image => image.Top)];
        Assert.Equal(Draw(sixteen), Draw(FewShotProbe.Run(train, test, 16, 2, new())));
    }

    [Fact]
    public void Mean_and_deviation_are_of_a_sample()
    {
        var draws = ((int[])[5, 7, 9]).Select(hits => new ProbeResult("", "", Outcome(hits), 0, new Dictionary<string, object>()));
        var (mean, deviation) = new FewShotResult(1, [.. draws]).Of(Metric.Top1);
        Assert.Equal((0.7, 0.2), (Math.Round(mean, 6), Math.Round(deviation, 6)));

        static ClassificationOutcome Outcome(int hits) => ClassificationOutcome.Of(
            [.. Enumerable.Range(0, 10).Select(image => $"{image}")],
            [.. Enumerable.Range(0, 10).Select(image => new[] { image < hits ? 0 : 1 })],
            Names(2),
            [.. Enumerable.Range(0, 10).SelectMany(_ => (float[])[1, 0])]);
    }

    [Fact]
    public void Too_few_images_are_told_with_the_class()
    {
        int[] labels = [0, 0, 0, 1, 1];
        FewShotProbe.Check(labels, ["cat", "dog"], [1, 2]);
        Assert.Contains("'dog' has 2 training images; every class needs 3", Refusal([3]), StringComparison.Ordinal);
        Assert.Contains("further images", Assert.Throws<ConfigException>(() => FewShotProbe.Check([0, 0, 1, 1], ["cat", "dog"], [2])).Message, StringComparison.Ordinal);

        string Refusal(int[] shots) => Assert.Throws<ConfigException>(() => FewShotProbe.Check(labels, ["cat", "dog"], shots)).Message;
    }
}
