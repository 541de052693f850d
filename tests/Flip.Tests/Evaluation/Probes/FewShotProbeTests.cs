using Flip.Config;
using Flip.Evaluation.Probes;
using static Flip.Tests.Evaluation.Probes.ProbeData;

namespace Flip.Tests.Evaluation.Probes;

public sealed class FewShotProbeTests
{
    [Fact]
    public void More_shots_are_better_and_draws_differ()
    {
        var (train, test) = (Clusters(30, 5, 24, 2.5, 1), Clusters(40, 5, 24, 2.5, 2));
        var one = FewShotProbe.Run(train, test, 5, 1, 3, new()).Of(scored => scored.TopK(1));
        var sixteen = FewShotProbe.Run(train, test, 5, 16, 3, new());
        Assert.True(sixteen.Of(scored => scored.TopK(1)).Mean > one.Mean + 0.1, $"{one.Mean}");
        Assert.True(one.Deviation > 0);
        Assert.Equal(3, sixteen.Draws.Count);
        Assert.Equal(sixteen.Draws[1].Test.Scores, FewShotProbe.Run(train, test, 5, 16, 2, new()).Draws[1].Test.Scores);
    }

    [Fact]
    public void Mean_and_deviation_are_of_a_sample()
    {
        var draws = ((double[])[0.5, 0.7, 0.9]).Select(value => new ProbeResult("", "", new([], [], 1, [(float)value]), 0, new Dictionary<string, object>()));
        var (mean, deviation) = new FewShotResult(1, [.. draws]).Of(scored => scored.Scores[0]);
        Assert.Equal((0.7, 0.2), (Math.Round(mean, 6), Math.Round(deviation, 6)));
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
