using Flip.Devices;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using Flip.Evaluation.Probes;
using static Flip.Tests.Evaluation.Probes.ProbeData;

namespace Flip.Tests.Evaluation.Probes;

public sealed class LarsProbeTests
{
    private static readonly LarsProbeOptions Small = new() { BatchSize = 32, BaseLearningRate = 8, Epochs = 60, WarmupEpochs = 5 };

    [Fact]
    public void Separable_classes_are_told_apart()
    {
        var result = LarsProbe.Run([Clusters(40, 6, 12, 0.05, 1)], Clusters(10, 6, 12, 0.05, 2), Small);
        Assert.Equal(1, result.Outcome.Value(Metric.Top1));
        Assert.Equal(7L * 60, result.Details["steps"]);
    }

    [Fact]
    public void The_normalisation_removes_unit_and_offset_of_each_feature()
    {
        var (train, test) = (Clusters(40, 4, 8, 1, 1), Clusters(20, 4, 8, 1, 2));
        var plain = LarsProbe.Run([train], test, Small, keepScores: true).Outcome;
        var moved = LarsProbe.Run([Moved(train)], Moved(test), Small, keepScores: true).Outcome;
        Assert.All(Scores(plain).Zip(Scores(moved)), pair => Assert.Equal(pair.First, pair.Second, 0.02f));
        Assert.True(plain.Value(Metric.Top1) > 0.6);

        static LabelledFeatures Moved(LabelledFeatures set) =>
            set with { Values = [.. set.Values.Select((value, i) => (value * (1 + (i % 8))) + (i % 8) - 3)] };
    }

    [Fact]
    public void The_paper_takes_one_step_an_epoch_where_the_set_is_smaller_than_its_batch()
    {
        var train = Clusters(10, 3, 4, 1, 1);
        var result = LarsProbe.Run([train], train, new());
        Assert.Equal((90L, 30), (result.Details["steps"], result.Details["batchSize"]));
        Assert.Equal("lr 0.001, 90 steps", result.Setting);
    }

    [Fact]
    public void No_step_waits_for_the_device()
    {
        var (train, test) = (Clusters(40, 4, 8, 1, 1), Clusters(10, 4, 8, 1, 2));
        long Waits(int epochs)
        {
            var before = DeviceTraffic.OnThread;
            LarsProbe.Run([train], test, Small with { Epochs = epochs });
            return (DeviceTraffic.OnThread - before).Waits;
        }

        Assert.Equal(Waits(6), Waits(20)); // the loss, four tensors of the head, the test's logits
        Assert.Equal(6, Waits(6));
    }

    [Fact]
    public void A_run_repeats_and_views_take_turns()
    {
        var (train, test) = (Clusters(20, 4, 8, 1, 1), Clusters(5, 4, 8, 1, 2));
        var other = train with { Values = Array.ConvertAll(train.Values, value => -value) };
        float[] Run(params LabelledFeatures[] views) => Scores(LarsProbe.Run(views, test, Small, keepScores: true).Outcome);
        Assert.Equal(Run(train), Run(train));
        Assert.Equal(Run(train), Run(train, train));
        Assert.NotEqual(Run(train), Run(train, other));
        Assert.Throws<ArgumentException>(() => Run(train, Clusters(19, 4, 8, 1, 1)));
    }
}
