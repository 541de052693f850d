using Flip.Ingest.Downloading;

namespace Flip.Tests.Ingest.Downloading;

public sealed class HostSchedulerTests
{
    private readonly List<FetchJob> _started = [];

    [Fact]
    public void Hosts_take_turns_and_a_busy_one_holds_up_no_other()
    {
        var scheduler = Scheduler(concurrency: 5, perHost: 2);
        scheduler.Add([.. Jobs("slow", 6), .. Jobs("a", 1), .. Jobs("b", 1), .. Jobs("c", 1)]);
        Assert.Equal(["slow", "a", "b", "c", "slow"], Hosts());
        scheduler.FreeHost("a", answered: true);
        scheduler.FreePlace();
        Assert.Equal(5, _started.Count); // the slow host has as many as it may
        scheduler.FreeHost("slow", answered: true);
        Assert.Equal("slow", Hosts().Last());
        Assert.Equal(5, scheduler.Running);
    }

    [Fact]
    public void A_host_that_is_silent_too_often_is_given_up_and_an_answer_forgives()
    {
        var givenUp = new List<bool>();
        var scheduler = new HostScheduler(1, 1, 2, (job, isGivenUp) => givenUp.Add(isGivenUp));
        scheduler.Add(Jobs("a", 6));
        foreach (var answered in (bool[])[false, true, false, false, false])
        {
            scheduler.FreeHost("a", answered);
            scheduler.FreePlace();
        }

        Assert.Equal([false, false, false, false, true, true], givenUp);
    }

    [Fact]
    public async Task A_pause_holds_all_jobs_of_its_host_and_no_others()
    {
        var scheduler = Scheduler(concurrency: 4, perHost: 1);
        var jobs = Jobs("a", 2);
        scheduler.Add([.. jobs, .. Jobs("b", 2)]);
        Assert.Equal(["a", "b"], Hosts());
        scheduler.AddLater(jobs[0], TimeSpan.FromMilliseconds(100), pausesHost: true);
        Free("a");
        Free("b");
        Assert.Equal(["a", "b", "b"], Hosts());
        Free("b");
        for (var i = 0; i < 200 && _started.Count < 4; i++)
        {
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }

        Assert.Equal("a", Hosts().Last());

        void Free(string host)
        {
            scheduler.FreeHost(host, answered: true);
            scheduler.FreePlace();
        }
    }

    [Fact]
    public async Task A_stop_waits_for_what_runs_and_starts_nothing_more()
    {
        var scheduler = Scheduler(concurrency: 1, perHost: 1);
        scheduler.Add(Jobs("a", 2));
        var stop = scheduler.StopAsync();
        Assert.False(stop.IsCompleted);
        scheduler.FreeHost("a", answered: true);
        scheduler.FreePlace();
        await stop;
        Assert.Single(_started);
    }

    private static List<FetchJob> Jobs(string host, int count) => [.. Enumerable.Range(0, count).Select(i => new FetchJob(null!, $"http://{host}/{i}", host, []))];

    private HostScheduler Scheduler(int concurrency, int perHost) => new(concurrency, perHost, 100, (job, _) =>
    {
        lock (_started)
        {
            _started.Add(job);
        }
    });

    private List<string> Hosts()
    {
        lock (_started)
        {
            return [.. _started.Select(job => job.Host)];
        }
    }
}
