using Flip.Tasks.Benchmarking;

namespace Flip.Tests.Tasks.Benchmarking;

public class TurnRoundsTests
{
    private readonly List<string> _made = [];

    [Fact]
    public void Lanes_take_turns_step_by_step_and_two_rounds_warm_up()
    {
        var reports = new List<(int Lane, int Round, double Seconds)>();
        var steps = new TurnRounds(3, null) { Progress = (lane, round, seconds) => reports.Add((lane, round, seconds)) }
            .Run([Lane("a", 9, 8, 1, 2, 3), Lane("b", 7, 6, 4, 5, 6)], TestContext.Current.CancellationToken);
        Assert.Equal("ababababab", string.Concat(_made));
        Assert.Equal([1, 2, 3], steps[0].Select(step => step.Seconds));
        Assert.Equal([4, 5, 6], steps[1].Select(step => step.Seconds));
        Assert.Equal([-1, -1, 0, 0, 1, 1, 2, 2, 3, 3], reports.Select(report => report.Round));
        Assert.Equal((1, 3, 6.0), reports[^1]);
    }

    [Theory]
    [InlineData(60.0, 3)] // 5 rounds of 12 s are 60 s: spent in the last round that warms up or measures, 2 + 3
    [InlineData(1.0, 3)] // never before the third
    [InlineData(61.0, 4)]
    [InlineData(84.0, 5)]
    [InlineData(1000.0, 6)]
    public void A_round_is_the_last_in_which_the_time_is_spent_but_not_before_the_third(double seconds, int rounds)
    {
        var steps = new TurnRounds(6, TimeSpan.FromSeconds(seconds)).Run([new Scripted(() => 8), new Scripted(() => 4)], TestContext.Current.CancellationToken);
        Assert.All(steps, lane => Assert.Equal(rounds, lane.Count));
    }

    [Fact]
    public void Fewer_rounds_than_three_are_made_where_they_are_asked_for() =>
        Assert.Equal(2, Assert.Single(new TurnRounds(2, TimeSpan.Zero).Run([new Scripted(() => 1)], TestContext.Current.CancellationToken)).Count);

    [Fact]
    public void A_stop_is_obeyed_before_the_next_step()
    {
        using var source = new CancellationTokenSource();
        var made = 0;
        var lane = new Scripted(() =>
        {
            source.Cancel();
            return ++made;
        });
        Assert.Throws<OperationCanceledException>(() => new TurnRounds(5, null).Run([lane, lane], source.Token));
        Assert.Equal(1, made);
    }

    private Scripted Lane(string name, params double[] seconds)
    {
        var next = 0;
        return new Scripted(() =>
        {
            _made.Add(name);
            return seconds[next++];
        });
    }

    private sealed class Scripted(Func<double> seconds) : IStepLane
    {
        public int BatchSize => 1;

        public int MicroBatch => 1;

        public TimedStep Step(CancellationToken cancellation) => new(seconds(), 1);

        public void Dispose()
        {
        }
    }
}
