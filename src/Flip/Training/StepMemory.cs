using Flip.Config;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Training;

/// <summary>
/// What a training step takes of its device's memory, by arithmetic: of the model once, of each pair of a micro-batch, and of each pair of the
/// batch. The program itself is left out. Tests hold it to measured peaks.
/// </summary>
/// <param name="config">Model and training; a vocabulary of 0 counts as BERT's.</param>
/// <param name="type">Number format of the towers' products.</param>
/// <param name="device">Kind of device.</param>
/// <param name="world">Ranks that share a step.</param>
public sealed class StepMemory(FlipConfig config, ScalarType type, DeviceType device, int world = 1)
{
    private const int UnknownVocabulary = 30522;

    // What the processor's heap loses between pieces of many sizes: measured peaks are 1.1 to 1.5 times the sum. A GPU's allocator maps pages and loses little.
    private const double LossOfHeap = 1.35;

    private readonly int _size = type == ScalarType.BFloat16 ? sizeof(short) : sizeof(float);

    /// <summary>The least share of patches that a step removes.</summary>
    public double LeastMaskRatio { get; } = Math.Min(config.Model.Image.MaskRatio, config.Model.Image.FinalMaskRatio ?? config.Model.Image.MaskRatio);

    /// <summary>Bytes of the processor's memory that a checkpoint's copy takes: weights, both moments, the average (<see cref="CheckpointSnapshot"/>).</summary>
    public long OfSnapshot => Parameters * CheckpointSnapshot.Parts(config.Train.WeightEma > 0).Count * sizeof(float);

    /// <summary>Bytes of weights, gradients and both moments, the average of weights, and the copies in the compute type.</summary>
    public long OfModel
    {
        get
        {
            var ranks = config.Train.ShardOptimizer ? world : 1;
            var masters = (config.Train.WeightEma > 0 ? 2.0 : 1) / (type == ScalarType.BFloat16 ? ranks : 1); // what the model reads itself is whole
            var buffers = (1 + masters + (2.0 / ranks)) * sizeof(float);
            return (long)(Parameters * (buffers + (type == ScalarType.BFloat16 ? 2 * _size : 0)));
        }
    }

    private long Parameters => ModelCost.Of(config.Model, vocabularySize: UnknownVocabulary).Parameters;

    /// <summary>Bytes that both towers keep of one pair of a micro-batch for the backward pass, and what that needs for a block beside.</summary>
    public double OfPair => SumOfPair * (device == DeviceType.CPU ? LossOfHeap : 1);

    /// <summary>The same without what the heap loses.</summary>
    internal double SumOfPair
    {
        get
        {
            var (image, text) = (config.Model.Image, config.Model.Text);
            var patches = MaskRatio.Kept(image.PatchCount(), LeastMaskRatio);
            var patchDim = 3.0 * image.PatchSize * image.PatchSize;
            var imageTokens = patches + image.ClassTokens();
            var textTokens = MaskRatio.Kept(text.Length, text.MaskRatio);
            var images = new TowerSize(imageTokens, image.Width, image.Heads, image.Depth, image.MlpRatio);
            var texts = new TowerSize(textTokens, text.Width, text.Heads, text.Depth, text.MlpRatio);
            return Kept(images) + Kept(texts) + Math.Max(Working(images), Working(texts)) + (_size * patches * patchDim) + OfDecoder(image);
        }
    }

    /// <summary>Bytes of all pairs that a rank computes of a batch: embeddings of both towers with their gradients, chunks of the logits, and of the
    /// other ranks the texts with their gradients, or two blocks of them.</summary>
    /// <param name="batch">Pairs of this rank.</param>
    public long OfBatch(int batch)
    {
        var isRing = config.Train.TextExchange == TextExchange.Ring;
        var columns = isRing || world == 1 ? batch : config.Train.BatchSize;
        var chunk = Math.Min(batch, config.Train.LossChunk > 0 ? config.Train.LossChunk : Losses.ChunkedContrastiveLoss.AutomaticChunk(columns));
        var others = world == 1 ? 0 : isRing ? batch * 4L : columns * 2L;
        return sizeof(float) * ((((batch * 6L) + others) * config.Model.EmbedDim) + ((long)columns * chunk * 4));
    }

    /// <summary>Bytes that an image tower keeps of one whole image, as <see cref="OfPair"/> of a pair.</summary>
    /// <param name="image">The tower.</param>
    /// <param name="train">The training.</param>
    /// <param name="type">Number format of the tower's products.</param>
    /// <param name="device">Kind of device.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed.</param>
    public static double OfImage(ImageConfig image, OptimizationConfig train, ScalarType type, DeviceType device, double maskRatio)
    {
        ArgumentNullException.ThrowIfNull(image);
        ArgumentNullException.ThrowIfNull(train);
        var model = new ModelConfig { Image = image with { MaskRatio = maskRatio, FinalMaskRatio = null }, Text = new TextConfig { Width = 1, Heads = 1, Depth = 1, Length = 1 } };
        return new StepMemory(new FlipConfig { Model = model, Train = new TrainConfig { CheckpointBlocks = train.CheckpointBlocks } }, type, device).OfPair
            + (4.0 * 3 * image.ImageSize * image.ImageSize); // pixels that are mixed are fp32
    }

    private double OfDecoder(ImageConfig image)
    {
        var decoder = config.Model.Reconstruction;
        if (decoder.Weight == 0)
        {
            return 0;
        }

        var tower = new TowerSize(image.PatchCount(), decoder.Width, decoder.Heads, decoder.Depth, 4);
        return Kept(tower) + (4.0 * sizeof(float) * image.PatchCount() * 3 * image.PatchSize * image.PatchSize); // pixels, targets, predictions, errors
    }

    /// <summary>
    /// Of each token in each block eight widths (inputs and outputs of the two norms, query, key, value, attended) and twice the MLP's; attention's
    /// scores only where it is plain products. With recomputation a block's input alone, and all of one group.
    /// </summary>
    private double Kept(TowerSize tower)
    {
        var group = config.Train.CheckpointBlocks;
        var blocks = group == 0 ? tower.Depth : Math.Min(group, tower.Depth);
        var inputs = group == 0 ? 0 : tower.Tokens * tower.Width * tower.Depth / group;
        return _size * ((blocks * ((tower.Tokens * tower.Width * (8 + (2 * tower.MlpRatio))) + Scores(tower))) + inputs);
    }

    /// <summary>In the backward pass of a block the gradients of the MLP's two sides and of its input; or those of the scores.</summary>
    private double Working(TowerSize tower) =>
        _size * Math.Max(tower.Tokens * tower.Width * (2 + (2 * tower.MlpRatio)), 3 * Scores(tower));

    private double Scores(TowerSize tower) => device == DeviceType.CPU && type == ScalarType.BFloat16 ? tower.Heads * tower.Tokens * tower.Tokens : 0;

    private readonly record struct TowerSize(double Tokens, double Width, int Heads, int Depth, double MlpRatio);
}
