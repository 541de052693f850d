namespace Flip.Tasks.Benchmarking;

/// <summary>Rounds in which each of several lanes makes one step: A B C A B C ...</summary>
/// <param name="rounds">Rounds that are measured, 1 or more.</param>
/// <param name="budget">Time of all steps; with it spent the rounds end, but not before the third. Null for no end.</param>
internal sealed class TurnRounds(int rounds, TimeSpan? budget)
{
    private const int WarmupRounds = 2; // the first steps pay for memory, kernels and just-in-time compilation
    private const int LeastRounds = 3;

    /// <summary>Receives lane, round and seconds of each step; rounds that warm up are up to 0.</summary>
    public Action<int, int, double>? Progress { get; init; }

    /// <summary>Makes the steps.</summary>
    /// <returns>The measured steps by lane and round; all lanes have as many.</returns>
    public IReadOnlyList<IReadOnlyList<TimedStep>> Run(IReadOnlyList<IStepLane> lanes, CancellationToken cancellation)
    {
        var steps = lanes.Select(_ => new List<TimedStep>()).ToList();
        var spent = 0.0;
        for (var round = 1 - WarmupRounds; round <= rounds; round++)
        {
            for (var lane = 0; lane < lanes.Count; lane++)
            {
                cancellation.ThrowIfCancellationRequested();
                var step = lanes[lane].Step(cancellation);
                spent += step.Seconds;
                Progress?.Invoke(lane, round, step.Seconds);
                if (round > 0)
                {
                    steps[lane].Add(step);
                }
            }

            if (round >= LeastRounds && spent >= budget?.TotalSeconds)
            {
                break;
            }
        }

        return steps;
    }
}
