namespace Flip.Devices;

/// <summary>How many processors this process computes and reads with, where a setting leaves it open.</summary>
public static class Processors
{
    private static int _available = Environment.ProcessorCount;

    /// <summary>All that the process may use; of several processes on one machine, its part.</summary>
    public static int Available => Volatile.Read(ref _available);

    /// <summary>Sets this process's part; a program calls it once, at its start, where it shares the machine with others of its kind.</summary>
    /// <param name="count">At least 1.</param>
    public static void Share(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        Volatile.Write(ref _available, count);
    }
}
