using Flip.Collectives;
using Flip.Config;
using Flip.Devices;
using TorchSharp;

namespace Flip.Training;

/// <summary>How the pairs of a step are computed and read: whole, or in parts; from parts that stay in memory, or that are read twice because they do not fit.</summary>
/// <param name="BatchSize">Pairs of a step, of this rank where several share it.</param>
/// <param name="MicroBatch">Pairs computed at a time, 1 to <paramref name="BatchSize"/>.</param>
/// <param name="Streams">True if each of the two passes over the micro-batches reads them one after another.</param>
/// <param name="IsChosen">True if the micro-batch is chosen here because the whole batch does not fit.</param>
public sealed record BatchReading(int BatchSize, int MicroBatch, bool Streams, bool IsChosen)
{
    private const double ShareOfProcessor = 0.5; // the rest is for decoding, evaluation and other programs
    private const double ShareOfGpu = 0.88; // the rest is for CUDA's context and what the allocator loses
    private const double PixelsOfGpu = 0.15;
    private const double PinnedShare = 0.25; // of the machine's memory for pixels on their way to a GPU; the allocator rounds them up to powers of two
    private const int LargestOnProcessor = 256; // more is hardly faster there
    private const int Multiple = 64; // rows of products that a GPU has no remainder of

    /// <summary>What a configuration comes to on a device. It depends on the size of the memory, not on how much of it is free.</summary>
    /// <param name="config">Model, batch and the memory for pixels.</param>
    /// <param name="compute">Where and in which number format.</param>
    /// <param name="world">Ranks that share a step.</param>
    public static BatchReading Of(FlipConfig config, Compute compute, int world = 1)
    {
        ArgumentNullException.ThrowIfNull(compute);
        return Of(config, compute, DeviceMemory.Of(compute.Device), DeviceMemory.OfMachine, world);
    }

    /// <inheritdoc cref="Of(FlipConfig, Compute, int)"/>
    /// <param name="config">Model, batch and the memory for pixels.</param>
    /// <param name="compute">Where and in which number format.</param>
    /// <param name="deviceBytes">Memory of the device.</param>
    /// <param name="machineBytes">Memory of the processor.</param>
    /// <param name="world">Ranks that share a step.</param>
    internal static BatchReading Of(FlipConfig config, Compute compute, long deviceBytes, long machineBytes, int world = 1)
    {
        ArgumentNullException.ThrowIfNull(config);
        var size = (int)Share.Of(config.Train.BatchSize, world, 0).Count;
        var isGpu = compute.Device.type == DeviceType.CUDA;
        var pixels = PixelBytes(config, compute) * size;
        var fits = Fitting(config, compute, deviceBytes, size, world);
        var part = config.Train.MicroBatch > 0 ? Math.Min(size, config.Train.MicroBatch) : Part(size, fits, isGpu);
        var room = (double)config.Data.BatchMemory * (1 << 20);
        var held = pixels * (1 + config.Data.PrefetchBatches) <= (isGpu && room > 0 ? Math.Max(room, machineBytes * PinnedShare) : room)
            && (!isGpu || pixels <= PixelsOfGpu * deviceBytes);
        return new BatchReading(size, part, part < size && !held, IsChosen: config.Train.MicroBatch == 0 && part < size);
    }

    /// <summary>Images of a step that are computed at a time: all, or parts that fit in the memory of the device.</summary>
    /// <param name="image">The tower.</param>
    /// <param name="train">The training, whose micro-batch is taken where there is one.</param>
    /// <param name="parameters">Entries of all weights.</param>
    /// <param name="compute">Where and in which number format.</param>
    /// <param name="maskRatio">Share of each image's patches that is removed.</param>
    /// <param name="besides">Bytes that a sample takes besides the tower.</param>
    public static int PartOfImages(ImageConfig image, OptimizationConfig train, long parameters, Compute compute, double maskRatio, double besides = 0)
    {
        ArgumentNullException.ThrowIfNull(train);
        ArgumentNullException.ThrowIfNull(compute);
        if (train.MicroBatch > 0)
        {
            return Math.Min(train.MicroBatch, train.BatchSize);
        }

        var isGpu = compute.Device.type == DeviceType.CUDA;
        var model = parameters * 5.0 * sizeof(float);
        var room = (DeviceMemory.Of(compute.Device) * (isGpu ? ShareOfGpu : ShareOfProcessor)) - model;
        return Part(train.BatchSize, Math.Max(1, room / (StepMemory.OfImage(image, train, compute.Type, compute.Device.type, maskRatio) + besides)), isGpu);
    }

    /// <summary>Parts that a source makes ahead.</summary>
    /// <param name="batches">Batches ahead, of which a batch that is streamed counts as one part.</param>
    public int PartsAhead(int batches) => Streams ? batches : batches * ((BatchSize + MicroBatch - 1) / MicroBatch);

    /// <summary>Refuses a micro-batch that the device's memory cannot hold, by an estimate below what it takes.</summary>
    /// <exception cref="ConfigException">It cannot; a smaller micro-batch is the same step.</exception>
    public static void CheckMemory(FlipConfig config, Compute compute, int world = 1)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(compute);
        var reading = Of(config, compute, world);
        var memory = new StepMemory(config, compute.Type, compute.Device.type, world);
        var copies = compute.Device.type == DeviceType.CPU ? memory.OfSnapshot : 0;
        var least = memory.OfModel + copies + (memory.SumOfPair * reading.MicroBatch);
        var all = DeviceMemory.Of(compute.Device);
        if (least > all)
        {
            var better = Of(config with { Train = config.Train with { MicroBatch = 0 } }, compute, world).MicroBatch;
            throw new ConfigException(FormattableString.Invariant(
                $"train.microBatch = {config.Train.MicroBatch}: the model and {reading.MicroBatch:N0} pairs at a time take about {least / 1e9:0.0} GB, and {Name(compute)} has {all / 1e9:0.0} GB of memory; {Advice(memory.OfModel + copies > all, better)}."));
        }
    }

    /// <summary>Images whose pixels fit in one array, which .NET limits to about 2 GiB; 0 where not even one does.</summary>
    /// <param name="imageSize">Height and width of an image, pixels.</param>
    public static long LargestBatch(int imageSize) => Array.MaxLength / (3L * imageSize * imageSize);

    private static string Name(Compute compute) => compute.Device.type == DeviceType.CUDA ? $"the device {compute.Device}" : "this machine";

    private static string Advice(bool modelAlone, int better) => modelAlone
        ? "the model alone does not fit"
        : FormattableString.Invariant($"a micro-batch of {better} is the same step in parts, and train.checkpointBlocks=1 keeps less of each");

    /// <summary>Pairs whose activations fit beside the model and what all pairs of the batch need.</summary>
    private static double Fitting(FlipConfig config, Compute compute, long deviceBytes, int size, int world)
    {
        var isGpu = compute.Device.type == DeviceType.CUDA;
        var memory = new StepMemory(config, compute.Type, compute.Device.type, world);
        var pixels = isGpu ? Math.Min(PixelBytes(config, compute) * size, PixelsOfGpu * deviceBytes) : 0;
        var room = (deviceBytes * (isGpu ? ShareOfGpu : ShareOfProcessor)) - memory.OfModel - memory.OfBatch(size) - pixels;
        return Math.Max(1, room / memory.OfPair);
    }

    private static int Part(int size, double fits, bool isGpu) =>
        fits >= size ? size
        : isGpu ? EqualParts(size, fits)
        : 1 << (int)Math.Log2(Math.Clamp(fits, 1, LargestOnProcessor));

    private static int EqualParts(int size, double fits)
    {
        var parts = Math.Ceiling(size / Math.Floor(fits));
        var part = (int)Math.Ceiling(size / parts);
        var rounded = (part + Multiple - 1) / Multiple * Multiple;
        return rounded <= fits ? Math.Min(size, rounded) : part;
    }

    private static double PixelBytes(FlipConfig config, Compute compute) =>
        new PairLayout(config.Model, 0, compute.Device).BytesOfPair(new StepMemory(config, compute.Type, compute.Device.type).LeastMaskRatio);
}
