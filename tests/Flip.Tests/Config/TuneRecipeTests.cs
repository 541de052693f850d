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
