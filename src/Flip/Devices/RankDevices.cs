using System.Text;
using Flip.Collectives;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Devices;

/// <summary>Whether all ranks compute on devices of one kind.</summary>
public static class RankDevices
{
    /// <summary>Compares the ranks' devices; all ranks come, each with the device that it has found.</summary>
    /// <param name="ranks">The ranks.</param>
    /// <param name="device">This rank's device.</param>
    /// <exception cref="ConfigException">Some have a GPU and some have none: a machine has more ranks than GPUs, or one has none.</exception>
    public static void Check(ICommunicator ranks, Device device)
    {
        ArgumentNullException.ThrowIfNull(ranks);
        ArgumentNullException.ThrowIfNull(device);
        var kinds = ranks.Exchange(Encoding.UTF8.GetBytes(device.type.ToString())).Select(Encoding.UTF8.GetString).ToList();
        if (Problem(ranks.Places, [.. kinds.Select(kind => kind == nameof(DeviceType.CUDA))]) is { } problem)
        {
            throw new ConfigException(problem);
        }
    }

    /// <summary>What is wrong with the ranks' devices; null where nothing is.</summary>
    /// <param name="places">The ranks.</param>
    /// <param name="hasGpu">Whether each has a GPU.</param>
    internal static string? Problem(IReadOnlyList<RankPlace> places, IReadOnlyList<bool> hasGpu)
    {
        var without = places.FirstOrDefault(place => !hasGpu[place.Rank]);
        if (without is null || !hasGpu.Contains(true))
        {
            return null;
        }

        var gpus = places.Count(place => place.Host == without.Host && hasGpu[place.Rank]);
        return $"{without.Host} has {without.LocalWorld} {(without.LocalWorld == 1 ? "rank" : "ranks")} and {(gpus == 0 ? "no GPU" : gpus == 1 ? "1 GPU" : $"{gpus} GPUs")}: rank {without.Rank} finds none, and others do. "
            + "Start one rank a GPU (mpirun --map-by ppr:N:node, srun --ntasks-per-node=N), or set train.device=cpu for all.";
    }
}
