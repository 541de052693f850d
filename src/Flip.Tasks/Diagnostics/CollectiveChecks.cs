using System.Diagnostics;
using System.Text;
using Flip.Collectives;
using Flip.Devices;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.Tasks.Diagnostics;

/// <summary>
/// Whether what the ranks exchange arrives as it must: every operation, with even, uneven and no rows, in place and not, several at a time. Each value is a
/// small whole number that depends on its rank and place, so it is exact in any order of summing. All ranks run this at the same time.
/// </summary>
/// <param name="ranks">The ranks.</param>
/// <param name="device">Where the tensors are.</param>
public sealed class CollectiveChecks(ICommunicator ranks, Device device)
{
    private const int Rows = 37; // no multiple of usual numbers of ranks
    private const int Width = 5;
    private const int Large = 1 << 20;
    private const int Period = 64;

    /// <summary>Runs the checks, in order. A check that fails on another rank fails here too.</summary>
    /// <exception cref="CollectiveException">An operation fails or takes too long.</exception>
    public IEnumerable<CheckResult> Run(CancellationToken cancellation)
    {
        (string Name, Func<string?> Check)[] checks =
        [
            ("all-reduce: sums of fp32, fp64 and int64", () => First(Sum(Rows, ScalarType.Float32), Sum(Rows, ScalarType.Float64), Sum(Rows, ScalarType.Int64))),
            ("all-reduce: a sum of many numbers, and of none", () => First(Sum((Large / Width) + 3, ScalarType.Float32), Sum(0, ScalarType.Float32))),
            ("all-reduce: maxima of fp32, fp64 and int64", () => First(Max(ScalarType.Float32), Max(ScalarType.Float64), Max(ScalarType.Int64))),
            ("all-gather: even, uneven and no rows", () => First(Gather(Even, ScalarType.Float32), Gather(Uneven, ScalarType.Float32), Gather(OneAlone, ScalarType.Int64))),
            ("all-gather: bf16 and bytes, in place", () => First(Gather(Uneven, ScalarType.BFloat16, inPlace: true), Gather(Uneven, ScalarType.Byte, inPlace: true))),
            ("reduce-scatter: even, uneven and no rows", () => First(ScatterSum(Even), ScatterSum(Uneven), ScatterSum(OneAlone))),
            ("reduce-scatter: in place, and of many numbers", () => First(ScatterSum(Uneven, inPlace: true), ScatterSum([.. Even.Select(_ => (long)Large / Width)], inPlace: true))),
            ("shift: along the ring, of different sizes", Shift),
            ("several at a time", Several),
            ("bytes: broadcast and exchange", Bytes),
        ];
        foreach (var (name, check) in checks)
        {
            cancellation.ThrowIfCancellationRequested();
            using var scope = NewDisposeScope();
            using var noGrad = no_grad();
            var started = Stopwatch.GetTimestamp();
            var problem = FirstProblem(check());
            yield return new CheckResult(name, problem is null, problem is null ? 0 : double.NaN, problem, Stopwatch.GetElapsedTime(started).TotalSeconds);
        }
    }

    private long[] Even => [.. Enumerable.Repeat(Rows, ranks.World)];

    private long[] Uneven => [.. Enumerable.Range(0, ranks.World).Select(rank => rank % 3 == 1 ? 0L : Rows + rank)];

    private long[] OneAlone => [.. Enumerable.Range(0, ranks.World).Select(rank => rank == ranks.World - 1 ? (long)Rows : 0)];

    private int Behind => (ranks.Rank + 1) % ranks.World;

    /// <summary>What a rank has: row and column give the number, the rank shifts it.</summary>
    private Tensor Values(int rank, long rows, ScalarType type) =>
        Numbers(rows * Width, i => (i % Period) + rank + 1, type).reshape(rows, Width);

    private Tensor Numbers(long count, Func<long, long> number, ScalarType type)
    {
        var values = new long[count];
        for (var i = 0L; i < count; i++)
        {
            values[i] = number(i);
        }

        return DeviceTraffic.Send<long>(values, device, count).to(type);
    }

    /// <summary>The first problem. All are looked for: a rank that left the others' operations out would hang them.</summary>
    private static string? First(params ReadOnlySpan<string?> problems)
    {
        foreach (var problem in problems)
        {
            if (problem is not null)
            {
                return problem;
            }
        }

        return null;
    }

    private static string? Difference(Tensor expected, Tensor found) =>
        DeviceTraffic.ReadNumbers([found.equal(expected).all()])[0] == 1 ? null : "the values are others than the ranks have sent";

    /// <summary>The first rank's problem, the same on all.</summary>
    private string? FirstProblem(string? own) => ranks.Exchange(Encoding.UTF8.GetBytes(own ?? ""))
        .Select((bytes, rank) => (Text: Encoding.UTF8.GetString(bytes), Rank: rank))
        .Where(one => one.Text.Length > 0)
        .Select(one => $"rank {one.Rank} on {ranks.Places[one.Rank].Host}: {one.Text}")
        .FirstOrDefault();

    private Tensor SumOfAll(long rows, ScalarType type) =>
        Enumerable.Range(0, ranks.World).Select(rank => Values(rank, rows, type)).Aggregate((sum, one) => sum + one);

    private string? Sum(long rows, ScalarType type)
    {
        var values = Values(ranks.Rank, rows, type);
        ranks.StartSum(values).Wait();
        return Difference(SumOfAll(rows, type), values);
    }

    private string? Max(ScalarType type)
    {
        // The largest of a column's numbers is each time another rank's.
        var values = Numbers(Rows, i => (i % ranks.World == ranks.Rank ? i + 1 : 0) - Rows, type);
        ranks.StartMax(values).Wait();
        return Difference(Numbers(Rows, i => i + 1 - Rows, type), values);
    }

    private string? Gather(long[] counts, ScalarType type, bool inPlace = false)
    {
        var all = zeros(counts.Sum(), Width, type, device);
        var own = Values(ranks.Rank, counts[ranks.Rank], type);
        if (inPlace)
        {
            own = all.narrow(0, counts.Take(ranks.Rank).Sum(), counts[ranks.Rank]).copy_(own);
        }

        ranks.StartGather(own, all, counts).Wait();
        return Difference(cat([.. counts.Select((count, rank) => Values(rank, count, type))]), all);
    }

    private string? ScatterSum(long[] counts, bool inPlace = false)
    {
        var all = Values(ranks.Rank, counts.Sum(), ScalarType.Float32);
        var first = counts.Take(ranks.Rank).Sum();
        var own = inPlace ? all.narrow(0, first, counts[ranks.Rank]) : zeros(counts[ranks.Rank], Width, device: device);
        ranks.StartScatterSum(all, own, counts).Wait();
        return Difference(SumOfAll(counts.Sum(), ScalarType.Float32).narrow(0, first, counts[ranks.Rank]), own);
    }

    private string? Shift()
    {
        var received = zeros(Rows + Behind, Width, device: device);
        ranks.StartShift(Values(ranks.Rank, Rows + ranks.Rank, ScalarType.Float32), received).Wait();
        return Difference(Values(Behind, Rows + Behind, ScalarType.Float32), received);
    }

    /// <summary>More than are carried at a time, of several kinds, and waited for from the last to the first.</summary>
    private string? Several()
    {
        const int each = 6;
        var sums = Enumerable.Range(0, each).Select(i => Values(ranks.Rank, (i * Large / 64) + 1, ScalarType.Float32)).ToList();
        var shifted = Enumerable.Range(0, each).Select(i => zeros(i + 1, Width, device: device)).ToList();
        var pending = new List<PendingCollective>();
        for (var i = 0; i < each; i++)
        {
            pending.Add(ranks.StartSum(sums[i]));
            pending.Add(ranks.StartShift(Values(ranks.Rank, i + 1, ScalarType.Float32), shifted[i]));
        }

        pending.Reverse();
        pending.ForEach(one => one.Wait());
        return sums.Select(sum => Difference(SumOfAll(sum.shape[0], ScalarType.Float32), sum))
            .Concat(shifted.Select(one => Difference(Values(Behind, one.shape[0], ScalarType.Float32), one)))
            .FirstOrDefault(problem => problem is not null);
    }

    private string? Bytes()
    {
        var last = ranks.World - 1;
        var given = ranks.Broadcast(Encoding.UTF8.GetBytes(ranks.Rank == last ? "from the last" : "nothing"), last);
        var texts = ranks.Exchange(Encoding.UTF8.GetBytes(new string('x', ranks.Rank)));
        return Encoding.UTF8.GetString(given) != "from the last" ? "a broadcast gives other bytes"
            : texts.Where((text, rank) => text.Length != rank).Any() ? "an exchange gives other bytes"
            : null;
    }
}
