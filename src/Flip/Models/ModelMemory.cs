using System.Numerics;
using Flip.Config;
using Flip.Devices;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>What a model takes of its device's memory, by its sizes alone; asked before any is taken.</summary>
public static class ModelMemory
{
    private const double Gigabyte = 1e9;
    private const int SteadyBytes = sizeof(float);

    // What is in caches of features was made with it.
    private const int BatchOfProcessor = 64;

    // A GPU's products are as wide as they need to be by then, and the loader's arrays stay small.
    private const int MostOfGpu = 1024;

    // In training, weights, moments and what the allocator keeps for the next step take the most of it.
    private const int ShareOfGpu = 8;

    /// <summary>Refuses weights that this machine's memory cannot hold.</summary>
    /// <param name="parameters">Names and shapes, <see cref="FlipModel.Declare"/>.</param>
    /// <param name="compute">Where and in which number format; null for fp32 on the processor.</param>
    /// <param name="trains">Gradients are held too.</param>
    /// <exception cref="ConfigException">They are too large.</exception>
    public static void CheckWeights(IReadOnlyList<(string Name, long[] Shape)> parameters, Compute? compute, bool trains)
    {
        ArgumentNullException.ThrowIfNull(parameters);
        var count = parameters.Sum(parameter => parameter.Shape.Aggregate(1.0, (product, size) => product * size));
        var each = (SteadyBytes + (compute is { Type: ScalarType.BFloat16 } ? sizeof(short) : 0)) * (trains ? 2 : 1);
        var memory = compute is null ? DeviceMemory.OfMachine : DeviceMemory.Of(compute.Device);
        if (count * each > memory)
        {
            throw new ConfigException(FormattableString.Invariant(
                $"A model of {count:N0} parameters takes {count * each / Gigabyte:0.0} GB, and {Name(compute?.Device)} has {memory / Gigabyte:0.0} GB of memory."));
        }
    }

    /// <summary>Images or texts encoded at a time. It depends on the device's whole memory, never on what is free, so that work goes on with the same batches.</summary>
    /// <param name="model">Its sizes.</param>
    /// <param name="compute">Where and in which number format.</param>
    /// <param name="asked">The setting; null chooses.</param>
    public static int EncodingBatch(ModelConfig model, Compute compute, int? asked)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(compute);
        return asked ?? (compute.Device.type == DeviceType.CPU ? BatchOfProcessor : EncodingBatch(model, compute.Type, DeviceMemory.Of(compute.Device)));
    }

    /// <summary>What an eighth of a GPU's memory holds, a power of two: cards of one kind differ by a little.</summary>
    /// <param name="model">Its sizes.</param>
    /// <param name="type">Number format of the towers.</param>
    /// <param name="memory">The GPU's memory, bytes.</param>
    internal static int EncodingBatch(ModelConfig model, ScalarType type, long memory)
    {
        var pixels = 3L * model.Image.ImageSize * model.Image.ImageSize; // of a batch they are one array
        var most = Math.Min(Math.Min(MostOfGpu, Array.MaxLength / pixels), memory / ShareOfGpu / EncodingBytesOnGpu(model, type));
        return most < 1 ? 1 : 1 << BitOperations.Log2((uint)most);
    }

    /// <summary>Refuses batches of images whose encoding the device's memory cannot hold: on the processor attention is over all pairs of patches.</summary>
    /// <param name="model">Its sizes.</param>
    /// <param name="compute">Where and in which number format.</param>
    /// <param name="batchSize">Images encoded at a time.</param>
    /// <exception cref="ConfigException">They are too many, or the images have too many patches.</exception>
    public static void CheckEncoding(ModelConfig model, Compute compute, int batchSize)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(compute);
        var image = model.Image;
        var tokens = (double)image.PatchCount() + image.ClassTokens();
        var bytes = tokens * batchSize * Math.Max(
            (compute.Type == ScalarType.BFloat16 ? 2 * sizeof(short) * image.Heads * tokens : 0) + (SteadyBytes * 4.0 * image.Width),
            SteadyBytes * (2 + image.MlpRatio) * image.Width);
        if (compute.Device.type != DeviceType.CPU)
        {
            bytes = EncodingBytesOnGpu(model, compute.Type) * batchSize;
        }

        var memory = DeviceMemory.Of(compute.Device);
        if (bytes > memory)
        {
            throw new ConfigException(FormattableString.Invariant(
                $"Encoding {batchSize} images of {tokens:N0} tokens at a time takes about {bytes / Gigabyte:0.0} GB, and {Name(compute.Device)} has {memory / Gigabyte:0.0} GB of memory: ask for fewer (--batch-size, eval.batchSize) or smaller images (model.image.imageSize)."));
        }
    }

    /// <summary>
    /// Bytes of one image on a GPU: twelve widths of each token and twice the MLP's, all that a block makes before its scope ends; attention keeps no
    /// scores there. And pixels: the bytes of two batches, patches of one in bytes, in fp32 and in the towers' format.
    /// </summary>
    private static double EncodingBytesOnGpu(ModelConfig model, ScalarType type)
    {
        var image = model.Image;
        var size = type == ScalarType.BFloat16 ? sizeof(short) : sizeof(float);
        var tokens = (double)image.PatchCount() + image.ClassTokens();
        var pixels = 3.0 * image.ImageSize * image.ImageSize;
        return (size * tokens * image.Width * (12 + (2 * image.MlpRatio))) + (pixels * (3 + sizeof(float) + size));
    }

    private static string Name(Device? device) => device is null or { type: DeviceType.CPU } ? "this machine" : device.ToString();
}
