using Flip.Config;
using Flip.Data.Scenes;
using Flip.Tasks.Benchmarking;
using Flip.Tasks.Pretraining;
using Flip.Tests.Training;

namespace Flip.Tests.Tasks.Benchmarking;

[Collection(Alone.Name)] // the number of threads is the process's
public class StepTurnsTests
{
    private static readonly FlipConfig Base = TinyRun.Config with { Train = TinyRun.Config.Train with { Threads = 1 } };

    [Fact]
    public void Settings_of_any_kind_have_finite_times_and_their_computed_operations()
    {
        var turns = new List<StepTurn>();
        FlipConfig[] settings =
        [
            WithImage(Base, image => image with { MaskRatio = 0 }),
            Base,
            Base with { Train = Base.Train with { BatchSize = 32, MicroBatch = 5 } },
            Base with { Model = Base.Model with { Text = Base.Model.Text with { MaskRatio = 0.5 } } },
            Base with { Train = Base.Train with { Loss = LossKind.Sigmoid } },
            Base with { Model = Base.Model with { Reconstruction = new ReconstructionConfig { Weight = 1, Width = 16, Depth = 1, Heads = 2 } } },
            WithImage(Base, image => image with { ImageSize = 8 }),
        ];
        var times = StepTurns.Measure(settings, new StepTurnsOptions { Rounds = 1, Progress = turns.Add }, TestContext.Current.CancellationToken);
        Assert.Equal(settings.Length, times.Count);
        Assert.All(times, time => Assert.All([time.Seconds, time.SecondsPerPair, time.RelativeTime], value => Assert.True(double.IsFinite(value) && value > 0)));
        Assert.Equal([8, 8, 32, 8, 8, 8, 8], times.Select(time => time.BatchSize));
        Assert.Equal([0, 0, 5, 0, 0, 0, 0], times.Select(time => time.MicroBatch));
        Assert.All(settings.Zip(times), both => Assert.Equal(
            ModelCost.Of(both.First.Model).TrainingFlops + (3 * ModelCost.OfDecoder(both.First.Model).ForwardFlops), both.Second.FlopsPerPair, 1e-6));
        Assert.Equal(1, times[0].RelativeFlops);
        Assert.Equal(times[1].FlopsPerPair / times[0].FlopsPerPair, times[1].RelativeFlops, 1e-12);
        Assert.Equal(3 * settings.Length, turns.Count); // two rounds warm up
        Assert.Equal([0, 1, 2, 3, 4, 5, 6], turns.TakeLast(settings.Length).Select(turn => turn.Setting));
    }

    [Fact]
    public void Of_real_pairs_each_setting_reads_its_own_and_counts_what_is_computed_of_their_texts()
    {
        using var folder = new TemporaryFolder();
        var scenes = SceneDataset.Write(folder.File("scenes"), 40, 1, seed: 1, imageSize: 32);
        var config = Base with
        {
            Data = Base.Data with { Train = scenes.Train, Workers = 1 },
            Model = Base.Model with { Text = Base.Model.Text with { VocabularySize = 0, Length = 20, AttendPadding = false } },
        };
        var data = TrainingData.Open(config.Data, _ => { }, TestContext.Current.CancellationToken);
        var larger = WithImage(config, image => image with { ImageSize = 32, MaskRatio = 0.75 });
        var times = StepTurns.Measure([config, larger], new StepTurnsOptions { Rounds = 1, Data = data }, TestContext.Current.CancellationToken);
        Assert.All(times, time => Assert.True(double.IsFinite(time.RelativeTime) && time.RelativeTime > 0));
        Assert.InRange(times[0].FlopsPerPair, ModelCost.Of(config.Model, textTokens: 1).TrainingFlops, ModelCost.Of(config.Model, textTokens: 19).TrainingFlops);
        Assert.True(times[1].RelativeFlops > 1);
    }

    [Fact]
    public void A_study_of_masks_batches_and_rates_holds_one_model()
    {
        FlipConfig[] settings =
        [
            Base,
            WithImage(Base, image => image with { MaskRatio = 0.75, MaskKind = ImageMaskKind.Grid }),
            WithImage(Base, image => image with { FinalMaskRatio = 0.25 }),
            Base with { Model = Base.Model with { Text = Base.Model.Text with { MaskRatio = 0.5, MaskKind = TextMaskKind.Truncate } } },
            Base with { Train = Base.Train with { BatchSize = 32, BaseLearningRate = 1, Seed = 9 } },
        ];
        using var lanes = new LaneSet(settings.Select(setting => TurnSetting.Of(setting, null)), new StepTurnsOptions(), null);
        Assert.Equal((5, 1), (lanes.Lanes.Count, lanes.Models));
    }

    [Fact]
    public void What_changes_a_model_has_one_of_its_own_even_where_all_shapes_are_equal()
    {
        FlipConfig[] settings =
        [
            Base,
            WithImage(Base, image => image with { ImageSize = 32 }), // fixed positions are no weights
            WithImage(Base, image => image with { Heads = 4 }),
            Base with { Train = Base.Train with { Loss = LossKind.Sigmoid } },
            Base with { Train = Base.Train with { Precision = Precision.Bf16 } },
        ];
        using var lanes = new LaneSet(settings.Select(setting => TurnSetting.Of(setting, null)), new StepTurnsOptions(), null);
        Assert.Equal((5, 5), (lanes.Lanes.Count, lanes.Models));
    }

    [Fact]
    public void A_mask_that_moves_is_measured_at_the_mean_of_its_ends()
    {
        var config = TurnSetting.Of(WithImage(Base, image => image with { MaskRatio = 0.75, FinalMaskRatio = 0.25 }), null).Config;
        Assert.Equal((0.5, null), (config.Model.Image.MaskRatio, config.Model.Image.FinalMaskRatio));
        Assert.Equal(0.3, TurnSetting.Of(WithImage(Base, image => image with { MaskRatio = 0.3 }), null).Config.Model.Image.MaskRatio);
    }

    [Fact]
    public void Steps_change_no_weights_so_that_no_setting_can_make_the_loss_of_another_infinite()
    {
        var setting = Base with { Train = Base.Train with { BaseLearningRate = 1e30 } };
        var times = StepTurns.Measure([setting, setting], new StepTurnsOptions { Rounds = 3 }, TestContext.Current.CancellationToken);
        Assert.True(double.IsFinite(times[1].RelativeTime));
    }

    [Fact]
    public void Settings_with_other_threads_or_devices_are_refused()
    {
        var other = Base with { Train = Base.Train with { Threads = 2, Device = "cuda" } };
        var failure = Assert.Throws<ConfigException>(() => StepTurns.Measure([Base, other], cancellation: TestContext.Current.CancellationToken));
        Assert.Contains("train.threads = 2 in setting 2 and 1 in the first", failure.Message, StringComparison.Ordinal);
        Assert.Contains("train.device = cuda in setting 2", failure.Message, StringComparison.Ordinal);
    }

    private static FlipConfig WithImage(FlipConfig config, Func<ImageConfig, ImageConfig> change) =>
        config with { Model = config.Model with { Image = change(config.Model.Image) } };
}
