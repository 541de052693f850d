using Flip.Config;
using Flip.Devices;
using Flip.Models;
using Flip.Storage;
using Flip.Tokenizers;
using Flip.Training;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Benchmarking;

/// <summary>What a model is, up to its weights: settings of which it is equal can share one.</summary>
/// <param name="Sizes">Sizes and variants, without masks, which are of the pairs.</param>
/// <param name="Loss">The sigmoid loss adds a bias.</param>
/// <param name="Type">Number format of the towers' products.</param>
internal sealed record SharedModel(ModelConfig Sizes, LossKind Loss, ScalarType Type);

/// <summary>A setting as its steps are timed: its vocabulary known, its mask constant, its micro-batch chosen, its rate 0.</summary>
/// <param name="Config">The setting.</param>
/// <param name="Compute">Where and in which number format.</param>
internal sealed record TurnSetting(FlipConfig Config, Compute Compute)
{
    /// <summary>The model that it needs.</summary>
    public SharedModel Model { get; } = new(WithoutMasks(Config.Model), Config.Train.Loss, Compute.Type);

    /// <summary>Prepares a setting.</summary>
    /// <param name="setting">The setting.</param>
    /// <param name="tokenizer">Whose vocabulary it takes; null for its own, or BERT's size.</param>
    /// <exception cref="ConfigException">Its device is absent, or does not hold its step.</exception>
    public static TurnSetting Of(FlipConfig setting, ITokenizer? tokenizer)
    {
        var config = tokenizer is null ? StepBenchmark.WithVocabulary(setting) : ModelFolder.WithVocabulary(setting, tokenizer);
        var compute = Compute.Of(config.Train);
        BatchReading.CheckMemory(config, compute);
        var image = config.Model.Image;
        return new TurnSetting(
            config with
            {
                Model = config.Model with { Image = image with { MaskRatio = (image.MaskRatio + (image.FinalMaskRatio ?? image.MaskRatio)) / 2, FinalMaskRatio = null } },
                Train = config.Train with { MicroBatch = BatchReading.Of(config, compute).MicroBatch, BaseLearningRate = 0, WeightEma = 0 },
            },
            compute);
    }

    /// <summary>What its steps take of the device's memory, by arithmetic.</summary>
    /// <param name="model">Number of its model.</param>
    public LaneMemory Memory(int model)
    {
        var (train, isGpu) = (Config.Train, Compute.Device.type == DeviceType.CUDA);
        var memory = new StepMemory(Config, Compute.Type, Compute.Device.type);
        var pixels = (double)train.BatchSize * new PairLayout(Config.Model, 0, Compute.Device).BytesOfPair(Config.Model.Image.MaskRatio);
        return new LaneMemory(
            model,
            memory.OfModel,
            isGpu ? 0 : pixels * (1 + Config.Data.PrefetchBatches),
            memory.OfBatch(train.BatchSize) + (memory.OfPair * train.MicroBatch) + (isGpu ? pixels : 0));
    }

    private static ModelConfig WithoutMasks(ModelConfig model)
    {
        var (image, text) = (new ImageConfig(), new TextConfig());
        return model with
        {
            Image = model.Image with { MaskRatio = image.MaskRatio, FinalMaskRatio = image.FinalMaskRatio, MaskKind = image.MaskKind },
            Text = model.Text with { MaskRatio = text.MaskRatio, MaskKind = text.MaskKind },
        };
    }
}
