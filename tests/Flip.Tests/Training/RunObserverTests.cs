using Flip.Progress;
using Flip.Training;

namespace Flip.Tests.Training;

public class RunObserverTests
{
    [Fact]
    public void Reading_is_named_as_the_bottleneck_once_a_run()
    {
        using var view = new Messages();
        var observer = new RunObserver("train", view, workers: 3);
        observer.OnProgress(Progress(steps: 1, waited: 0.9));
        observer.OnProgress(Progress(steps: 10, waited: 0.2));
        Assert.Empty(view.Lines);

        observer.OnProgress(Progress(steps: 20, waited: 0.75));
        observer.OnProgress(Progress(steps: 30, waited: 0.8));
        var line = Assert.Single(view.Lines);
        Assert.StartsWith("Reading is the bottleneck: 75% of the time is spent waiting for data.", line, StringComparison.Ordinal);
        Assert.Contains($"data.workers, now 3 on {Environment.ProcessorCount} cores", line, StringComparison.Ordinal);
    }

    [Fact]
    public void No_number_of_workers_is_one_for_each_core()
    {
        using var view = new Messages();
        new RunObserver("train", view, workers: 0).OnProgress(Progress(steps: 20, waited: 1));
        Assert.Contains(
            $"now {Environment.ProcessorCount} on {Environment.ProcessorCount} cores", Assert.Single(view.Lines), StringComparison.Ordinal);
    }

    private static TrainingProgress Progress(long steps, double waited) => new(
        TrainState.Start with { Samples = steps * 8, Steps = steps }, 1000, 1, 1, null, 1e-3, 1, 14, 0.5, 100, waited);

    private sealed class Messages : IProgressView
    {
        public List<string> Lines { get; } = [];

        public void Report(TrainProgress progress)
        {
        }

        public void Report(ItemProgress progress)
        {
        }

        public void Message(string text) => Lines.Add(text);

        public void Dispose()
        {
        }
    }
}
