using Flip.Config;

namespace Flip.Tests.Config;

public class TuneRecipeTests
{
    [Fact]
    public void The_papers_tuning_follows_the_papers_training()
    {
        var tuned = TuneRecipe.After(Presets.Get("flip-l16").Config);
        Assert.Equal(4e-8, tuned.Train.BaseLearningRate, 1e-12);
        Assert.Equal(Duration.OfSamples(128_000_000), tuned.Train.Samples);
        Assert.Equal(25_600_000, tuned.Train.Warmup.ToSamples(65536, 400_000_000, 128_000_000));
        Assert.Equal(0, tuned.Model.Image.MaskRatio);
    }

    [Fact]
    public void A_small_training_is_tuned_for_longer_and_at_a_higher_rate()
    {
        var trained = Presets.Get("small").Config;
        var tuned = TuneRecipe.After(trained);
        Assert.Equal(trained.Train.BaseLearningRate * 0.1, tuned.Train.BaseLearningRate, 1e-12);
        Assert.Equal(trained.Train.Samples.Value * 0.15, tuned.Train.Samples.Value, 1e-9);
        Assert.Equal(trained.Train.Samples.Unit, tuned.Train.Samples.Unit);
    }

    [Theory]
    [InlineData(4095, 0.15, 0.1)]
    [InlineData(4096, 0.01, 0.01)]
    public void The_batch_tells_a_small_training_from_a_large_one(int batch, double length, double rate)
    {
        var trained = new FlipConfig { Train = new() { BatchSize = batch, BaseLearningRate = 1, Samples = Duration.OfSamples(1000) } };
        Assert.Equal((length * 1000, rate), (TuneRecipe.After(trained).Train.Samples.Value, TuneRecipe.After(trained).Train.BaseLearningRate));
        Assert.Equal((500, rate), (TuneRecipe.After(trained, length: 0.5).Train.Samples.Value, TuneRecipe.After(trained, length: 0.5).Train.BaseLearningRate));
        Assert.Equal((length * 1000, 0.2), (TuneRecipe.After(trained, rate: 0.2).Train.Samples.Value, TuneRecipe.After(trained, rate: 0.2).Train.BaseLearningRate));
    }

    [Fact]
    public void Every_preset_can_be_tuned_with_reconstruction_and_cool_down_too()
    {
        foreach (var preset in Presets.All)
        {
            var trained = preset.Config with
            {
                Model = preset.Config.Model with { Reconstruction = new ReconstructionConfig { Weight = preset.Config.Model.Image.MaskRatio } },
                Train = preset.Config.Train with { Schedule = ScheduleKind.ConstantCooldown },
            };
            ConfigReader.Validate(TuneRecipe.After(trained));
        }
    }
}
