using System.Globalization;
using Flip.Cli.Reporting;
using Flip.Training;

namespace Flip.Cli.Runs;

/// <summary>Passes a training's progress to the console and the metric log.</summary>
internal sealed class RunObserver(string stage, IProgressView view) : ITrainingObserver
{
    private long _badSeen;

    public MetricLog? Log { get; set; }

    public void OnProgress(TrainingProgress progress)
    {
        Log?.Write(progress.State.Samples, progress.State.Steps, progress.Values());
        view.Report(new TrainProgress(
            stage,
            progress.State.Samples,
            progress.TotalSamples,
            progress.Loss,
            progress.LearningRate,
            progress.SamplesPerSecond,
            progress.DataWaitShare,
            progress.Remaining));
        if (progress.BadSampleCount > _badSeen)
        {
            _badSeen = progress.BadSampleCount;
            var causes = string.Join(", ", progress.State.BadSamples.Select(cause => $"{cause.Value} {cause.Key}"));
            view.Message(string.Create(CultureInfo.InvariantCulture, $"{_badSeen} unreadable samples replaced: {causes}."));
        }
    }

    public void OnEvaluation(TrainState state, IReadOnlyDictionary<string, double> values)
    {
        if (values.Count > 0)
        {
            Log?.Write(state.Samples, state.Steps, values.ToDictionary(v => "eval/" + v.Key, v => v.Value));
            view.Message($"{state.Samples:N0} samples: " + string.Join(", ", values.Select(v => $"{v.Key} {Show(v.Value)}")));
        }

        Log?.Flush();
    }

    public void OnCheckpoint(TrainState state, string folder) => Log?.Flush();

    private static string Show(double value) => value.ToString(value < 1 ? "0.0000" : "0.##", CultureInfo.InvariantCulture);
}
