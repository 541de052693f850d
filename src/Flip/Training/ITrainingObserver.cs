namespace Flip.Training;

/// <summary>Sees a training as it goes; called on the training thread, so it must be quick.</summary>
public interface ITrainingObserver
{
    /// <summary>A log line is due.</summary>
    void OnProgress(TrainingProgress progress);

    /// <summary>An evaluation is done.</summary>
    void OnEvaluation(TrainState state, IReadOnlyDictionary<string, double> values);

    /// <summary>A checkpoint is whole.</summary>
    void OnCheckpoint(TrainState state, string folder);
}
