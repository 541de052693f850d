using Flip.Config;
using Flip.Models;

namespace Flip.Training;

/// <summary>How the pairs of a step are read: whole, or in parts that are read twice because the whole does not fit.</summary>
/// <param name="BatchSize">Pairs of a step.</param>
/// <param name="MicroBatch">Pairs computed at a time, 1 to <paramref name="BatchSize"/>.</param>
/// <param name="Streams">True if each of the two passes over the micro-batches reads them one after another.</param>
/// <param name="IsChosen">True if the micro-batch is chosen here because the configured whole batch does not fit.</param>
public sealed record BatchReading(int BatchSize, int MicroBatch, bool Streams, bool IsChosen)
{
    private const double ActivationBytes = 4.0 * (1L << 30); // of a chosen micro-batch
    private const int LargestChoice = 256; // more is hardly faster, and the pixels of six parts are in memory

    /// <summary>Pairs read at a time.</summary>
    public int ReadSize => Streams ? MicroBatch : BatchSize;

    /// <summary>What a configuration comes to. It does not depend on the machine.</summary>
    public static BatchReading Of(FlipConfig config)
    {
        var train = config.Train;
        var size = train.BatchSize;
        var fits = size <= LargestBatch(config.Model.Image.ImageSize);
        if (train.MicroBatch == 0 && fits)
        {
            return new BatchReading(size, size, Streams: false, IsChosen: false);
        }

        var part = Math.Min(size, train.MicroBatch > 0 ? train.MicroBatch : AutomaticMicroBatch(config));
        var pixels = Pixels(config.Model.Image.ImageSize) * size * (1L + config.Data.PrefetchBatches);
        var streams = part < size && (!fits || pixels > (double)config.Data.BatchMemory * (1 << 20));
        return new BatchReading(size, part, streams, IsChosen: train.MicroBatch == 0);
    }

    /// <summary>Refuses a batch that this machine's memory cannot hold, by an estimate below what it takes.</summary>
    /// <exception cref="ConfigException">It cannot; a smaller micro-batch is the same step.</exception>
    public static void CheckMemory(FlipConfig config)
    {
        var reading = Of(config);
        var pixels = (double)Pixels(config.Model.Image.ImageSize) * reading.ReadSize * (1 + config.Data.PrefetchBatches);
        var least = pixels + (config.Train.Device == "cpu" ? ActivationNumbers(config) * reading.MicroBatch * sizeof(short) : 0);
        if (least > ModelMemory.OfMachine)
        {
            throw new ConfigException(string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"train.microBatch = {config.Train.MicroBatch}: pixels and activations of {reading.MicroBatch:N0} pairs at a time take more than {least / 1e9:0} GB, and this machine has {ModelMemory.OfMachine / 1e9:0.0} GB of memory; a micro-batch of {AutomaticMicroBatch(config)} is the same step in parts."));
        }
    }

    /// <summary>A training's configuration that begins with a model's record: a batch whose activations would take more than some GiB is computed in parts, which
    /// is the same step.</summary>
    public static FlipConfig Divided(FlipConfig config) =>
        config.Train.MicroBatch > 0 || config.Train.BatchSize * ActivationNumbers(config) * sizeof(float) <= ActivationBytes
            ? config
            : config with { Train = config.Train with { MicroBatch = Math.Min(config.Train.BatchSize, AutomaticMicroBatch(config)) } };

    /// <summary>Images whose pixels fit in one array, which .NET limits to about 2 GiB; 0 where not even one does.</summary>
    /// <param name="imageSize">Height and width of an image, pixels.</param>
    public static long LargestBatch(int imageSize) => Array.MaxLength / Pixels(imageSize);

    /// <summary>A power of two whose activations, kept for the backward pass in fp32, take about 4 GiB.</summary>
    private static int AutomaticMicroBatch(FlipConfig config)
    {
        var pairs = Math.Clamp(ActivationBytes / (ActivationNumbers(config) * sizeof(float)), 1, LargestChoice);
        return 1 << (int)Math.Log2(pairs);
    }

    /// <summary>Numbers that both towers keep of one pair.</summary>
    private static double ActivationNumbers(FlipConfig config)
    {
        var (image, text) = (config.Model.Image, config.Model.Text);
        var leastMasked = Math.Min(image.MaskRatio, image.FinalMaskRatio ?? image.MaskRatio);
        var group = config.Train.CheckpointBlocks;
        return Activations(MaskRatio.Kept(image.PatchCount(), leastMasked), image.Width, image.Heads, image.Depth, image.MlpRatio, group)
            + Activations(MaskRatio.Kept(text.Length, text.MaskRatio), text.Width, text.Heads, text.Depth, text.MlpRatio, group);
    }

    /// <summary>
    /// Numbers that a tower keeps of one item: in each block eight of the width (inputs of the two norms and their outputs, query, key,
    /// value, attended), two of the MLP's and three of the attention's scores; or a block's input alone, and all of one group.
    /// </summary>
    private static double Activations(double tokens, double width, int heads, int depth, double mlpRatio, int group)
    {
        var block = tokens * ((width * (8 + (2 * mlpRatio))) + (3 * heads * tokens));
        return group == 0 ? depth * block : (Math.Min(group, depth) * block) + (tokens * width * depth / group);
    }

    private static long Pixels(int imageSize) => 3L * imageSize * imageSize;
}
