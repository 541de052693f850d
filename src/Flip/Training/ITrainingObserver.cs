namespace Flip.Training;

/// <summary>Sees a training as it goes; called on the training thread, so it must be quick.</summary>
public interface ITrainingObserver
{
    /// <summary>A log line is due.</summary>
    void OnProgress(TrainingProgress progress);

    /// <summary>An evaluation is done.</summary>
    void OnEvaluation(TrainState state, IReadOnlyDictionary<string, double> values);

    /// <summary>A checkpoint is whole. It was written while the training went on, so it may be of an earlier state.</summary>
    void OnCheckpoint(TrainState state, string folder);

    /// <summary>Something that the user should know; the training goes on.</summary>
    void OnNotice(string message);
}
