using Flip.Distributed.Launching;

namespace Flip.Tests.Distributed.Launching;

public class ElasticPlanTests
{
    [Theory]
    [InlineData(null, 4, "localhost:4")]
    [InlineData("a,b", 5, "a:3,b:3")]
    [InlineData("a:8, b:4", 12, "a:8,b:4")]
    public void Machines_are_read_as_users_write_them(string? text, int ranks, string expected) =>
        Assert.Equal(expected, string.Join(',', HostSlots.Parse(text, ranks)));

    [Theory]
    [InlineData("a:2,b:1", 4, "has room for 3 ranks")]
    [InlineData("a,a", 2, "names that differ")]
    [InlineData("a:0", 1, "'0' is no number of ranks")]
    [InlineData("a:1:2", 1, "names that differ")]
    [InlineData("-x,b", 2, "names that differ")]
    [InlineData("a;reboot", 1, "names that differ")]
    [InlineData("", 1, "names that differ")]
    [InlineData("a", 0, "must be from 1 to 1000000")]
    [InlineData("a:2000000", 1, "'2000000' is no number of ranks")]
    public void Machines_that_make_no_job_are_refused(string text, int ranks, string message) =>
        Assert.Contains(message, Assert.Throws<ConfigException>(() => HostSlots.Parse(text, ranks)).Message, StringComparison.Ordinal);

    [Fact]
    public void A_machine_that_does_not_answer_is_left_out()
    {
        var plan = Plan("a:8,b:8", 16, least: 8);
        Assert.Null(plan.After(new JobEnd(JobEnd.RanksLost, "a", ["b"], Progressed: true)));
        Assert.Equal(8, plan.Ranks);
        Assert.Equal("a:8", string.Join(',', plan.Hosts));
    }

    [Fact]
    public void Below_the_fewest_ranks_the_job_ends()
    {
        var plan = Plan("a:8,b:8", 16, least: 9);
        Assert.Contains("room for 8 ranks: fewer than the 9", plan.After(new JobEnd(137, null, ["b"], Progressed: true)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_rank_that_was_killed_once_starts_again_where_it_was()
    {
        var plan = Plan("a:2,b:2", 4, least: 1);
        for (var i = 0; i < 10; i++)
        {
            Assert.Null(plan.After(new JobEnd(137, "b", [], Progressed: true)));
            Assert.Equal(4, plan.Ranks);
        }
    }

    [Fact]
    public void A_rank_that_fails_again_before_it_brings_anything_is_left_out_and_at_last_the_job_ends()
    {
        var plan = Plan("a:2,b:2", 4, least: 1);
        Assert.Null(plan.After(new JobEnd(137, "b", [], Progressed: false)));
        Assert.Equal(4, plan.Ranks);
        Assert.Null(plan.After(new JobEnd(137, "b", [], Progressed: false)));
        Assert.Equal("a:2,b:1", string.Join(',', plan.Hosts));
        Assert.Null(plan.After(new JobEnd(137, "b", [], Progressed: false)));
        Assert.Equal("a:2", string.Join(',', plan.Hosts));
        Assert.Contains("4 starts in a row", plan.After(new JobEnd(137, "a", [], Progressed: false)), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(75, true)]
    [InlineData(137, true)]
    [InlineData(139, true)]
    [InlineData(1, false)] // a user's error would come again
    [InlineData(130, false)]
    [InlineData(143, false)]
    public void Only_a_loss_is_worth_another_start(int code, bool isLoss) => Assert.Equal(isLoss, new JobEnd(code, null, [], false).IsLoss);

    [Fact]
    public void Fewest_ranks_are_from_one_to_all()
    {
        Assert.Throws<ConfigException>(() => Plan("a:2", 2, least: 3));
        Assert.Throws<ConfigException>(() => Plan("a:2", 2, least: 0));
    }

    [Fact]
    public void Mpirun_gets_machines_and_time_for_a_checkpoint()
    {
        var hosts = HostSlots.Parse("a:2,b:2", 3);
        Assert.Equal(
            "-n 3 --host a:2,b:2 --bind-to none --mca odls_base_sigkill_timeout 5 --mca oob_tcp_keepalive_time 30 --mca oob_tcp_keepalive_intvl 5 --mca oob_tcp_keepalive_probes 6 --x flip train",
            string.Join(' ', new MpirunCommand("mpirun", IsOpenMpi: true, ["--x"]).Arguments(hosts, 3, ["flip", "train"])));
        Assert.Equal(
            "-n 3 -hosts a:2,b:2 -bind-to none flip train",
            string.Join(' ', new MpirunCommand("mpiexec", IsOpenMpi: false, []).Arguments(hosts, 3, ["flip", "train"])));
        Assert.Throws<ConfigException>(() => MpirunCommand.Find("no-such-mpirun", []));
    }

    [Theory]
    [InlineData("train --data x --run r --json", "train --data x --run r --json", "train --resume r --json")]
    [InlineData("train --resume r", "train --resume r", "train --resume r")]
    [InlineData("tune model --run=r", "tune model --run=r", "train --resume r")]
    [InlineData("finetune model --run r", "finetune model --run r", "finetune --resume r")]
    [InlineData("train --data x", "train --data x --run runs/train", "train --resume runs/train")]
    public void A_training_goes_on_by_its_run(string command, string first, string again)
    {
        var parsed = ResumableCommand.Parse(command.Split(' '), name => $"runs/{name}");
        Assert.Equal(first, string.Join(' ', parsed.Arguments));
        Assert.Equal(again, string.Join(' ', parsed.Resuming()));
    }

    [Fact]
    public void Other_commands_are_refused() =>
        Assert.Contains("'eval'", Assert.Throws<ConfigException>(() => ResumableCommand.Parse(["eval", "x"], name => name)).Message, StringComparison.Ordinal);

    private static ElasticPlan Plan(string hosts, int ranks, int least) => new(HostSlots.Parse(hosts, ranks), ranks, least, patience: 3);
}
