using System.Text.Json;
using Flip.Cli.Commands;
using Flip.Tests;

namespace Flip.SlowTests.Distributed;

/// <summary>Ranks of a real mpirun on this machine.</summary>
[Collection(Alone.Name)]
public sealed class MpiTests
{
    private const string Timeout = "FLIP_COLLECTIVE_TIMEOUT";

    private static readonly Dictionary<string, string> OverTcp = new() { ["OMPI_MCA_btl"] = "tcp,self", ["OMPI_MCA_pml"] = "ob1" };

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void All_operations_give_what_the_ranks_have_sent(int ranks) => AssertRight(ranks, nameof(RankScenarios.All_operations), null);

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    public void So_they_do_in_small_pieces_and_over_tcp(int ranks) => AssertRight(ranks, nameof(RankScenarios.All_operations_in_small_pieces), OverTcp);

    [Fact]
    public void Sums_have_the_bits_of_ranks_in_order() => AssertSaid(4, nameof(RankScenarios.Sums_have_the_bits_of_ranks_in_order), "same");

    [Fact]
    public void The_signals_of_net_stay_its_own() => AssertSaid(2, nameof(RankScenarios.A_null_reference_is_an_exception), "caught");

    [Fact]
    public void A_rank_that_fails_ends_all_once_rank_0_has_saved_what_it_has()
    {
        var (code, said, output) = MpiRun.Scenario(3, nameof(RankScenarios.One_fails));
        Assert.True(code != 0, output);
        Assert.Equal($"RankFailedException: Rank 1 on {Environment.MachineName} failed: the disk is full", said[0]);
        Assert.Equal("InvalidOperationException: the disk is full", said[1]);
        Assert.Equal(said[0], said[2]);
    }

    [Fact]
    public void A_rank_that_is_late_is_named()
    {
        var (code, said, output) = MpiRun.Scenario(3, nameof(RankScenarios.One_is_late));
        Assert.True(code != 0, output);
        var late = $"rank 1 on {Environment.MachineName} did not come, but answers";
        Assert.Contains(late, said[0], StringComparison.Ordinal);
        Assert.StartsWith("RankFailedException", said[1], StringComparison.Ordinal);

        // Rank 2 hears of it, or has waited as long itself before it could hear: on a machine that is very busy.
        Assert.True(said[2].StartsWith("RankFailedException", StringComparison.Ordinal) || said[2].Contains(late, StringComparison.Ordinal), said[2]);
    }

    [Fact]
    public void A_rank_that_hangs_is_named_and_the_job_ends()
    {
        using var run = MpiRun.Start(3, [MpiRun.Flip, "bench", "comm", "--largest", "4000"], new Dictionary<string, string> { [Timeout] = "5" });
        var process = run.ProcessOf(1);
        Thread.Sleep(3000);
        MpiRun.Signal(process, "STOP");
        var (code, _, error) = run.End(60);
        Assert.True(code != 0, error);

        // One of the two says it. Both do where the second has found it before it could hear the first: on a machine that is very busy. There it may also miss
        // the first one's answer, so that it names both; rank 1 is among those that every line names.
        var said = error.Split('\n').Where(line => line.StartsWith("flip: Rank ", StringComparison.Ordinal)).ToList();
        Assert.InRange(said.Count, 1, 2);
        Assert.All(said, line => Assert.Matches($"^flip: Rank [02] on {Environment.MachineName} waited ", line));
        Assert.All(said, line => Assert.Matches($"; ranks? ([02] on {Environment.MachineName}, )?1 on {Environment.MachineName}(, 2 on {Environment.MachineName})? (did not come and does not|did not come and do not) answer", line));
        Assert.Contains(said, line => line.Contains($"; rank 1 on {Environment.MachineName} did not come and does not answer.", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_rank_that_is_killed_ends_the_job(bool overTcp)
    {
        using var run = MpiRun.Start(3, [MpiRun.Flip, "bench", "comm", "--largest", "4000"], overTcp ? OverTcp : null);
        var process = run.ProcessOf(1);
        Thread.Sleep(3000);
        MpiRun.Signal(process, "KILL");
        var (code, _, error) = run.End(60);
        Assert.True(code != 0, error);
    }

    [Fact]
    public void Doctor_tells_of_the_ranks()
    {
        using var run = MpiRun.Start(2, [MpiRun.Flip, "doctor", "--quick", "--device", "cpu", "--json"]);
        var (code, output, error) = run.End(300);
        Assert.True(code == 0, error);
        var ranks = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]).RootElement.GetProperty("ranks");
        Assert.Equal("openMpi", ranks.GetProperty("launcher").GetString());
        Assert.Contains("Open MPI", ranks.GetProperty("mpi").GetProperty("version").GetString(), StringComparison.Ordinal);
        Assert.Equal([0, 1], ranks.GetProperty("ranks").EnumerateArray().Select(rank => rank.GetProperty("rank").GetInt32()));
        Assert.All(ranks.GetProperty("checks").EnumerateArray(), check => Assert.True(check.GetProperty("passed").GetBoolean()));
        Assert.Equal(8, ranks.GetProperty("times").GetArrayLength());
    }

    [Fact]
    public void Bench_comm_gives_the_constants_of_each_operation()
    {
        using var run = MpiRun.Start(2, [MpiRun.Flip, "bench", "comm", "--largest", "2", "--json"]);
        var (code, output, error) = run.End();
        Assert.True(code == 0, error);
        var operations = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]).RootElement.GetProperty("operations");
        Assert.Equal(["all-reduce", "all-gather", "reduce-scatter", "shift"], operations.EnumerateArray().Select(one => one.GetProperty("fit").GetProperty("operation").GetString()));
        Assert.All(operations.EnumerateArray(), one =>
        {
            var fit = one.GetProperty("fit");
            var (alpha, beta, bandwidth) = (fit.GetProperty("alpha").GetDouble(), fit.GetProperty("beta").GetDouble(), fit.GetProperty("bandwidth"));
            Assert.True(alpha >= 0 && beta >= 0 && alpha + beta > 0, fit.ToString());
            Assert.True(beta > 0 ? Math.Abs((bandwidth.GetDouble() * beta) - 1) < 1e-9 : bandwidth.ValueKind == JsonValueKind.Null, fit.ToString());
        });
    }

    [Theory]
    [InlineData("InfoNce")]
    [InlineData("Sigmoid")]
    public void Bench_loss_gives_one_loss_however_texts_are_exchanged(string loss)
    {
        var found = new[] { "Gather", "Ring" }.Select(texts =>
        {
            using var run = MpiRun.Start(3, [MpiRun.Flip, "bench", "loss", "--batch", "100", "--dim", "16", "--steps", "1", "--loss", loss, "--texts", texts, "--json"]);
            var (code, output, error) = run.End();
            Assert.True(code == 0, error);
            var json = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]).RootElement;
            Assert.Equal(34, json.GetProperty("pairs").GetInt32()); // 34, 33, 33
            Assert.True(json.GetProperty("sentBytes").GetInt64() > 0);
            return json.GetProperty("loss").GetDouble();
        }).ToList();
        Assert.True(found[0] > 1);
        Assert.Equal(found[0], found[1], found[0] * 1e-6);
    }

    [Fact]
    public void A_command_of_one_process_is_refused_once()
    {
        using var run = MpiRun.Start(3, [MpiRun.Flip, "compare", "a", "b"]);
        var (code, output, error) = run.End();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Single((output + error).Split('\n'), line => line.Contains("flip: 'flip compare' works in one process, and 3 were started.", StringComparison.Ordinal));
    }

    [Fact]
    public void A_wrong_option_is_named_once()
    {
        using var run = MpiRun.Start(3, [MpiRun.Flip, "bench", "comm", "--largest", "0"]);
        var (code, output, error) = run.End();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Single((output + error).Split('\n'), line => line.Contains("--largest 0: must be at least 1", StringComparison.Ordinal));
    }

    [Fact]
    public void Another_mpi_than_the_launchers_is_refused()
    {
        Assert.SkipUnless(Mpich.Library is not null, Mpich.Missing);
        using var run = MpiRun.Start(2, [MpiRun.Flip, "bench", "comm"], new Dictionary<string, string> { ["FLIP_MPI"] = Mpich.Library! });
        var (code, _, error) = run.End();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("OpenMpi started 2 processes, and MPI sees 1 (MPICH", error, StringComparison.Ordinal);
        Assert.Contains("name the launcher's libmpi in FLIP_MPI", error, StringComparison.Ordinal);
    }

    [Fact]
    public void A_library_that_is_missing_is_named()
    {
        using var run = MpiRun.Start(2, [MpiRun.Flip, "bench", "comm"], new Dictionary<string, string> { ["FLIP_MPI"] = "/nonexistent/libmpi.so" });
        var (code, _, error) = run.End();
        Assert.Equal(ExitCode.Failed, code);
        Assert.Contains("MPI's library cannot be loaded: /nonexistent/libmpi.so: cannot open shared object file", error, StringComparison.Ordinal);
    }

    [Fact]
    public void Mpich_does_it_too()
    {
        Assert.SkipUnless(Mpich.Launcher is not null, Mpich.Missing);
        using var run = MpiRun.Start([Mpich.Launcher!, "-n", "3", MpiRun.Flip, "doctor", "--quick", "--device", "cpu", "--json"], Mpich.Environment);
        var (code, output, error) = run.End(300);
        Assert.True(code == 0, error);
        var ranks = JsonDocument.Parse(output[output.IndexOf('{', StringComparison.Ordinal)..]).RootElement.GetProperty("ranks");
        Assert.Contains("MPICH", ranks.GetProperty("mpi").GetProperty("version").GetString(), StringComparison.Ordinal);
        Assert.All(ranks.GetProperty("checks").EnumerateArray(), check => Assert.True(check.GetProperty("passed").GetBoolean()));
    }

    [Fact]
    public void Without_a_launcher_no_mpi_is_loaded()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "needs Linux: what a process has loaded is read from /proc");
        Assert.Same(Flip.Collectives.OneProcess.Instance, Flip.Distributed.Ranks.Join(null));
        Assert.DoesNotContain("libmpi", File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
    }

    private static void AssertRight(int ranks, string scenario, Dictionary<string, string>? environment)
    {
        var (code, said, output) = MpiRun.Scenario(ranks, scenario, environment);
        Assert.All(said, problem => Assert.Equal("", problem));
        Assert.True(code == 0, output);
    }

    private static void AssertSaid(int ranks, string scenario, string expected)
    {
        var (code, said, output) = MpiRun.Scenario(ranks, scenario);
        Assert.True(code == 0, output);
        Assert.All(said, one => Assert.Equal(expected, one));
    }
}
