using Flip.Config;
using Flip.Devices;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Models;

/// <summary>What a model takes of the processor's memory, by its sizes alone; asked before any is taken.</summary>
public static class ModelMemory
{
    private const double Gigabyte = 1e9;
    private const int SteadyBytes = sizeof(float);

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
        if (compute is not { Device.type: not DeviceType.CPU } && count * each > DeviceMemory.OfMachine)
        {
            throw new ConfigException(FormattableString.Invariant(
                $"A model of {count:N0} parameters takes {count * each / Gigabyte:0.0} GB, and this machine has {DeviceMemory.OfMachine / Gigabyte:0.0} GB of memory."));
        }
    }

    /// <summary>Refuses batches of images whose encoding this machine's memory cannot hold: attention is over all pairs of patches.</summary>
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
        if (compute.Device.type == DeviceType.CPU && bytes > DeviceMemory.OfMachine)
        {
            throw new ConfigException(FormattableString.Invariant(
                $"Encoding {batchSize} images of {tokens:N0} tokens at a time takes about {bytes / Gigabyte:0.0} GB, and this machine has {DeviceMemory.OfMachine / Gigabyte:0.0} GB of memory: ask for fewer (--batch-size, eval.batchSize) or smaller images (model.image.imageSize)."));
        }
    }
}
