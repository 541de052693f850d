using Flip.Config;
using Flip.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Devices;

/// <summary>Where and in which number format a model computes.</summary>
/// <param name="Device">Device of all tensors.</param>
/// <param name="Type">Format of the towers' products.</param>
public sealed record Compute(Device Device, ScalarType Type)
{
    /// <summary>The settings' device and precision, checked against this machine.</summary>
    /// <exception cref="ConfigException">The device is unknown or absent.</exception>
    public static Compute Of(OptimizationConfig train)
    {
        LibTorch.EnsureLoaded();
        var device = ParseDevice(train.Device);
        var bf16 = train.Precision == Precision.Bf16
            || (train.Precision == Precision.Auto && (device.type == DeviceType.CUDA || Bf16Support.OnProcessor));
        return new Compute(device, bf16 ? ScalarType.BFloat16 : ScalarType.Float32);
    }

    /// <summary>Sets how many threads libtorch computes with in this process; a program calls it once, with its settings.</summary>
    public static void UseThreads(OptimizationConfig train)
    {
        ArgumentNullException.ThrowIfNull(train);
        LibTorch.EnsureLoaded();
        set_num_threads(train.Threads > 0 ? train.Threads : Environment.ProcessorCount);
    }

    private static Device ParseDevice(string name)
    {
        if (name == "cpu")
        {
            return CPU;
        }

        var parts = name.Split(':');
        var index = 0;
        if (parts[0] != "cuda" || parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], out index)))
        {
            throw new ConfigException($"train.device = {name}: write cpu, cuda or cuda:N.");
        }

        return cuda.is_available() && index < cuda.device_count()
            ? new Device(DeviceType.CUDA, index)
            : throw new ConfigException(
                $"train.device = {name}: this libtorch sees no such device. Set {LibTorch.FolderVariable} to the lib folder of a CUDA libtorch.");
    }
}
