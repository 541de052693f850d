using TorchSharp;

namespace Flip.Kernels;

/// <summary>Divides a pass over flat memory among as many threads as libtorch has.</summary>
internal static class KernelThreads
{
    /// <summary>Entries that one thread takes at a time: enough to hide the handing out, few enough to balance.</summary>
    private const long Grain = 1 << 17;

    /// <summary>Runs a pass over entries 0 to <paramref name="count"/> in ranges that begin at multiples of 2^17.</summary>
    /// <param name="count">Entries.</param>
    /// <param name="run">Takes the first entry and the one after the last; on several threads at once.</param>
    public static void For(long count, Action<long, long> run)
    {
        var ranges = (count + Grain - 1) / Grain;
        var threads = (int)Math.Min(ranges, torch.get_num_threads());
        if (threads <= 1)
        {
            run(0, count);
            return;
        }

        Parallel.For(0L, ranges, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => run(i * Grain, Math.Min(count, (i + 1) * Grain)));
    }
}
