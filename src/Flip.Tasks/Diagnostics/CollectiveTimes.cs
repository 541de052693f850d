using System.Diagnostics;
using Flip.Collectives;
using Flip.Devices;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>Times the operations of the ranks. All ranks run it at the same time.</summary>
/// <param name="ranks">The ranks.</param>
/// <param name="device">Where the tensors are.</param>
public sealed class CollectiveTimes(ICommunicator ranks, Device device)
{
    private const int FewestRounds = 5;
    private const int MostRounds = 200;
    private const int BytesOfAll = 1 << 28; // of all rounds of a size

    /// <summary>The operations that are timed.</summary>
    public static IReadOnlyList<string> Operations { get; } = ["all-reduce", "all-gather", "reduce-scatter", "shift"];

    /// <summary>Times an operation.</summary>
    /// <param name="operation">One of <see cref="Operations"/>.</param>
    /// <param name="bytes">Bytes of the whole: of the sum, of all rows that are gathered, of what is shifted. Rounded up to whole numbers for each rank.</param>
    /// <exception cref="CollectiveException">An operation fails or takes too long.</exception>
    public CollectiveTime Measure(string operation, long bytes)
    {
        using var scope = NewDisposeScope();
        using var noGrad = no_grad();
        var entries = Math.Max(1, (bytes + (4 * ranks.World) - 1) / (4 * ranks.World));
        var counts = Enumerable.Repeat(entries, ranks.World).ToArray();
        var (all, own) = (zeros(entries * ranks.World, device: device), zeros(entries, device: device));
        Func<PendingCollective> start = operation switch
        {
            "all-reduce" => () => ranks.StartSum(all),
            "all-gather" => () => ranks.StartGather(own, all, counts),
            "reduce-scatter" => () => ranks.StartScatterSum(all, own, counts),
            "shift" => Shift(all),
            _ => throw new ArgumentOutOfRangeException(nameof(operation), operation, "No such operation."),
        };
        var rounds = (int)Math.Clamp(BytesOfAll / Math.Max(bytes, 1), FewestRounds, MostRounds);
        var before = ranks.Sent;
        Once(start); // connections are made at the first
        var sent = (ranks.Sent - before).Bytes;
        var times = new double[rounds];
        for (var round = 0; round < rounds; round++)
        {
            Once(() => ranks.StartSum(own.narrow(0, 0, 1))); // all begin together
            times[round] = Once(start);
        }

        // A round takes as long as on its slowest rank.
        using var slowest = tensor(times);
        ranks.StartMax(slowest).Wait();
        var seconds = DeviceTraffic.ReadNumbers([slowest.median(), slowest.min()]);
        return new CollectiveTime(operation, entries * ranks.World * 4, sent, seconds[0], seconds[1]);
    }

    private Func<PendingCollective> Shift(Tensor send)
    {
        var receive = zeros_like(send);
        return () => ranks.StartShift(send, receive);
    }

    private double Once(Func<PendingCollective> start)
    {
        var started = Stopwatch.GetTimestamp();
        start().Wait();
        DeviceTraffic.Wait(device);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;
    }
}
