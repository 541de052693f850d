using System.Text.Json;
using Flip.Config;
using Flip.Tests;
using Flip.Tests.Cli;
using Flip.Training;
using TorchSharp;

namespace Flip.SlowTests.Training;

/// <summary>The arithmetic of a step's memory against the peaks of processes that make such steps.</summary>
[Collection(Alone.Name)]
public class StepMemoryTests
{
    private const double Tolerance = 0.25;
    private const int Trials = 3; // what else a machine does only adds to a peak, so the lowest one is the step's

    [Theory]
    [InlineData("fp32", 0.5, 0, Tolerance)]
    [InlineData("bf16", 0.5, 0, Tolerance)]
    [InlineData("bf16", 0, 0, Tolerance)] // attention's scores are a third of it
    [InlineData("fp32", 0.5, 1, 0.7)] // the inputs that stay lie between what goes, and the heap loses more
    public void What_a_pair_takes_is_what_more_pairs_add_to_the_peak(string precision, double mask, int checkpointBlocks, double above)
    {
        var (few, many) = (16, checkpointBlocks > 0 ? 112 : 64);
        var config = Config(mask, few, checkpointBlocks, width: 256);
        var memory = new StepMemory(config, precision == "bf16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32, DeviceType.CPU);
        var expected = (memory.OfPair * (many - few)) + memory.OfBatch(many) - memory.OfBatch(few);
        bool Fits(double bytes) => bytes > expected * (1 - Tolerance) && bytes < expected * (1 + above);
        var (peakOfMany, peakOfFew, measured) = (double.PositiveInfinity, double.PositiveInfinity, 0.0);
        for (var trial = 0; trial < Trials && !Fits(measured); trial++)
        {
            peakOfMany = Math.Min(peakOfMany, Peak(config with { Train = config.Train with { BatchSize = many } }, precision, mask));
            peakOfFew = Math.Min(peakOfFew, Peak(config, precision, mask));
            measured = peakOfMany - peakOfFew;
        }

        Assert.True(Fits(measured), $"measured {measured / 1e6:0} MB, by arithmetic {expected / 1e6:0} MB");
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("bf16")]
    public void What_a_model_takes_is_what_a_wider_one_adds_to_the_peak(string precision)
    {
        var type = precision == "bf16" ? torch.ScalarType.BFloat16 : torch.ScalarType.Float32;
        var (narrow, wide) = (Config(0.5, 2, 0, width: 256), Config(0.5, 2, 0, width: 768));
        long Bytes(FlipConfig config) => new StepMemory(config, type, DeviceType.CPU).OfModel;
        var measured = Peak(wide, precision, 0.5) - Peak(narrow, precision, 0.5);
        var expected = (double)(Bytes(wide) - Bytes(narrow));
        Assert.True(measured > expected * (1 - Tolerance) && measured < expected * (1 + Tolerance), $"measured {measured / 1e6:0} MB, by arithmetic {expected / 1e6:0} MB");
    }

    private static FlipConfig Config(double mask, int batch, int checkpointBlocks, int width) => new()
    {
        Model = new ModelConfig
        {
            Image = new ImageConfig { ImageSize = 224, Width = width, Depth = 6, Heads = 4, MaskRatio = mask },
            Text = new TextConfig { VocabularySize = 1000, Width = 128, Depth = 2, Heads = 2 },
            EmbedDim = 64,
        },
        Train = new TrainConfig { BatchSize = batch, CheckpointBlocks = checkpointBlocks },
    };

    private static double Peak(FlipConfig config, string precision, double mask)
    {
        var (image, text, train) = (config.Model.Image, config.Model.Text, config.Train);
        var sets = new[]
        {
            FormattableString.Invariant($"model.image.width={image.Width}"), $"model.image.depth={image.Depth}", $"model.image.heads={image.Heads}",
            $"model.text.vocabularySize={text.VocabularySize}", $"model.text.width={text.Width}", $"model.text.depth={text.Depth}", $"model.text.heads={text.Heads}",
            $"model.embedDim={config.Model.EmbedDim}", $"train.checkpointBlocks={train.CheckpointBlocks}",
        };
        var (code, output, error) = BoundedCommand.Run(
            [
                "bench", "--preset", "flip-b16", "--batch", $"{train.BatchSize}", "--micro-batch", $"{train.BatchSize}", "--precision", precision,
                "--mask", FormattableString.Invariant($"{mask}"), "--steps", "1", "--json", .. sets.SelectMany(set => new[] { "-s", set }),
            ],
            megabytes: 8000,
            seconds: 300);
        Assert.True(code == 0, error);
        return JsonDocument.Parse(output).RootElement.GetProperty("memoryBytes").GetDouble();
    }
}
