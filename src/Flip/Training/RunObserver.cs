using System.Globalization;
using Flip.Devices;
using Flip.Progress;

namespace Flip.Training;

/// <summary>Passes a training's progress to the console and the metric log.</summary>
public sealed class RunObserver(string stage, IProgressView view, int workers) : ITrainingObserver
{
    // A third of the time: with a loader half as fast again, waiting would be over.
    private const double BottleneckShare = 1.0 / 3;

    private long _badSeen;
    private bool _bottleneckSaid;

    public MetricLog? Log { get; set; }

    /// <summary>Takes the log that everything is written to, and says what of it cannot be read.</summary>
    public void Begin(MetricLog log)
    {
        ArgumentNullException.ThrowIfNull(log);
        Log = log;
        if (log.DamagedLines > 0)
        {
            view.Message(string.Create(
                CultureInfo.InvariantCulture, $"{log.DamagedLines} lines of {MetricLog.FileName} cannot be read and are left out."));
        }
    }

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
        SayBottleneck(progress);
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

    public void OnNotice(string message) => view.Message(message);

    /// <summary>Once a run, and not of its first step, which waits for the loader to begin.</summary>
    private void SayBottleneck(TrainingProgress progress)
    {
        if (_bottleneckSaid || progress.State.Steps <= 1 || progress.DataWaitShare < BottleneckShare)
        {
            return;
        }

        _bottleneckSaid = true;
        view.Message(string.Create(
            CultureInfo.InvariantCulture,
            $"Reading is the bottleneck: {progress.DataWaitShare * 100:0}% of the time is spent waiting for data. What helps: decoding threads (data.workers, now {(workers == 0 ? Processors.Available : workers)} on {Processors.Available} cores), more cores, photos stored smaller (their short side about 1.3 times the model's image size), shards on a faster disk."));
    }

    private static string Show(double value) => value.ToString(value < 1 ? "0.0000" : "0.##", CultureInfo.InvariantCulture);
}
