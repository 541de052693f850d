namespace Flip.Training;

/// <summary>Sums over the steps since the last log line; time between steps, as of evaluations, is left out.</summary>
internal sealed class ProgressInterval
{
    private readonly List<StepLoss> _losses = [];
    private TimeSpan _elapsed;
    private TimeSpan _waited;
    private long _samples;

    public void Restart()
    {
        _losses.Clear();
        (_elapsed, _waited, _samples) = (TimeSpan.Zero, TimeSpan.Zero, 0);
    }

    public void AddStep(StepLoss loss, int samples, TimeSpan elapsed, TimeSpan waited)
    {
        _losses.Add(loss);
        _samples += samples;
        _elapsed += elapsed;
        _waited += waited;
    }

    public TrainingProgress Progress(TrainState state, long total, double learningRate, double norm, double? logitFactor, double maskRatio) => new(
        state,
        total,
        _losses.Average(l => l.Loss),
        _losses.Average(l => l.ContrastiveLoss),
        _losses.Average(l => l.ReconstructionLoss),
        learningRate,
        norm,
        logitFactor,
        maskRatio,
        _samples / Math.Max(1e-9, _elapsed.TotalSeconds),
        _waited / (_elapsed + TimeSpan.FromTicks(1)));
}
