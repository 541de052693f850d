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
    /// <summary>The device's name that takes the first GPU, or the processor where there is none.</summary>
    public const string Auto = "auto";

    /// <summary>The number format as a setting. A run keeps what <see cref="Precision.Auto"/> came to, so that it stays the same run on another machine.</summary>
    public Precision Precision => Type == ScalarType.BFloat16 ? Precision.Bf16 : Precision.Fp32;

    /// <summary>The settings' device and precision, checked against this machine.</summary>
    /// <exception cref="ConfigException">The device is unknown or absent.</exception>
    public static Compute Of(OptimizationConfig train)
    {
        ArgumentNullException.ThrowIfNull(train);
        LibTorch.EnsureLoaded();
        var device = Find(train.Device) ?? throw new ConfigException(
            $"train.device = {train.Device}: this libtorch sees {Seen()}. For a GPU set {LibTorch.FolderVariable} to the lib folder of a CUDA libtorch; `flip doctor` tells more.");
        var bf16 = train.Precision == Precision.Bf16
            || (train.Precision == Precision.Auto && (device.type == DeviceType.CUDA || Bf16Support.OnProcessor));
        return new Compute(device, bf16 ? ScalarType.BFloat16 : ScalarType.Float32);
    }

    /// <summary>Sets how many threads libtorch computes with in this process; a program calls it once, with its settings.</summary>
    public static void UseThreads(OptimizationConfig train)
    {
        ArgumentNullException.ThrowIfNull(train);
        LibTorch.EnsureLoaded();
        set_num_threads(train.Threads > 0 ? train.Threads : Processors.Available);
    }

    /// <summary>True if this machine has a device, by the name that settings give it.</summary>
    /// <exception cref="ConfigException">It is no name of a device.</exception>
    public static bool Has(string name)
    {
        LibTorch.EnsureLoaded();
        return Find(name) is not null;
    }

    private static string Seen() => cuda.is_available() && cuda.device_count() is var count and > 0
        ? $"the processor and {count} GPU{(count == 1 ? "" : "s")}, cuda:0{(count == 1 ? "" : $" to cuda:{count - 1}")}"
        : "the processor alone";

    /// <summary>The device of a name; null where it is absent.</summary>
    private static Device? Find(string name)
    {
        var gpus = name == "cpu" || !cuda.is_available() ? 0 : cuda.device_count();
        if (name is "cpu" or Auto)
        {
            return gpus > 0 ? new Device(DeviceType.CUDA, 0) : CPU;
        }

        var parts = name.Split(':');
        var index = 0;
        if (parts[0] != "cuda" || parts.Length > 2 || (parts.Length == 2 && !int.TryParse(parts[1], out index)))
        {
            throw new ConfigException($"train.device = {name}: write auto, cpu, cuda or cuda:N.");
        }

        return index < gpus ? new Device(DeviceType.CUDA, index) : null;
    }
}
