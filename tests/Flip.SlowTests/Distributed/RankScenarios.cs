using Flip.Collectives;
using Flip.Distributed;
using Flip.Tasks.Diagnostics;
using TorchSharp;
using static TorchSharp.torch;

namespace Flip.SlowTests.Distributed;

/// <summary>What one rank does in a test of several. mpirun starts this assembly with the name of one of these; by themselves they do not run.</summary>
public sealed class RankScenarios
{
    /// <summary>Environment variable with the folder into which each rank writes what it has to say.</summary>
    public const string FolderVariable = "FLIP_TEST_RANKS";

    private const string NeedsRanks = "runs under mpirun";

    private static readonly CollectiveLimits Short = new()
    {
        Timeout = TimeSpan.FromSeconds(4),
        Inquiry = TimeSpan.FromSeconds(1),
        Silence = TimeSpan.FromSeconds(5),
        Closing = TimeSpan.FromSeconds(60),
    };

    /// <summary>What a rank wrote; empty where it wrote nothing.</summary>
    public static string Said(string folder, int rank) => Path.Combine(folder, $"{rank}") is var file && File.Exists(file) ? File.ReadAllText(file) : "";

    [Fact(Explicit = true)]
    public void All_operations_in_small_pieces() => Run(
        new CollectiveLimits { MostOfCall = 1000, SumBuffer = 2048, SmallSum = 64 },
        ranks => string.Join("\n", new CollectiveChecks(ranks, CPU).Run(default).Select(check => check.Problem).Where(problem => problem is not null)));

    [Fact(Explicit = true)]
    public void All_operations() => Run(
        new CollectiveLimits(),
        ranks => string.Join("\n", new CollectiveChecks(ranks, CPU).Run(default).Select(check => check.Problem).Where(problem => problem is not null)));

    [Fact(Explicit = true)]
    public void Sums_have_the_bits_of_ranks_in_order() => Run(new CollectiveLimits(), ranks =>
    {
        const int size = 100_003;
        var expected = Enumerable.Range(0, ranks.World).Select(Noise).Aggregate((sum, one) => sum + one);
        var values = Noise(ranks.Rank);
        ranks.StartSum(values).Wait();
        return values.equal(expected).all().ToBoolean() ? "same" : "other";

        static Tensor Noise(int rank) => sin(arange(size, ScalarType.Float32) * (rank + 1)) * MathF.Pow(10, rank);
    });

    [Fact(Explicit = true)]
    public void A_null_reference_is_an_exception() => Run(new CollectiveLimits(), ranks =>
    {
        try
        {
            return $"{((string?)Environment.GetEnvironmentVariable("FLIP_NO_SUCH_VARIABLE"))!.Length}";
        }
        catch (NullReferenceException)
        {
            return "caught";
        }
    });

    /// <summary>Rank 1 fails while the others wait; rank 0 takes a while to save what it has.</summary>
    [Fact(Explicit = true)]
    public void One_fails() => Run(Short, ranks =>
    {
        if (ranks.Rank == 1)
        {
            Thread.Sleep(500);
            throw new InvalidOperationException("the disk is full");
        }

        ranks.StartSum(ones(3)).Wait();
        return "went on";
    });

    /// <summary>Rank 1 is busy elsewhere for longer than the others wait.</summary>
    [Fact(Explicit = true)]
    public void One_is_late() => Run(Short, ranks =>
    {
        if (ranks.Rank == 1)
        {
            Thread.Sleep(12_000);
        }

        ranks.StartSum(ones(3)).Wait();
        return "went on";
    });

    /// <summary>Sums, scattered sums, gathers and shifts; says what was counted.</summary>
    [Fact(Explicit = true)]
    public void Counted_bytes() => Run(new CollectiveLimits(), ranks =>
    {
        const long rows = 500_000;
        var counts = Enumerable.Repeat(rows, ranks.World).ToArray();
        var (all, own) = (ones(rows * ranks.World, 4), ones(rows, 4));
        for (var round = 0; round < 3; round++)
        {
            ranks.StartSum(all).Wait();
            ranks.StartScatterSum(all, own, counts).Wait();
            ranks.StartGather(own, all, counts).Wait();
            ranks.StartShift(own, ones_like(own)).Wait();
        }

        return $"{ranks.Sent.Bytes}";
    });

    private static void Run(CollectiveLimits limits, Func<ICommunicator, string> work)
    {
        var launch = LaunchEnvironment.Find();
        Assert.SkipUnless(launch is { World: > 1 }, NeedsRanks);
        var ranks = Ranks.Join(launch, limits);
        var failed = true;
        try
        {
            using var scope = NewDisposeScope();
            Say(ranks, work(ranks));
            failed = false;
        }
        catch (Exception e)
        {
            if (e is not RankFailedException)
            {
                ranks.Fail(e.Message);
            }

            if (ranks.Rank == 0)
            {
                Thread.Sleep(3000); // a checkpoint
            }

            Say(ranks, $"{e.GetType().Name}: {e.Message}");
        }

        ranks.Dispose();
        Assert.False(failed, "this rank has failed");
    }

    private static void Say(ICommunicator ranks, string text) =>
        File.WriteAllText(Path.Combine(Environment.GetEnvironmentVariable(FolderVariable)!, $"{ranks.Rank}"), text);
}
