namespace Flip.Progress;

/// <summary>Shows how a long work goes.</summary>
public interface IProgressView : IDisposable
{
    /// <summary>Shows the state; may be called at every step.</summary>
    void Report(TrainProgress progress);

    /// <inheritdoc cref="Report(TrainProgress)"/>
    void Report(ItemProgress progress);

    /// <summary>Writes a line that stays.</summary>
    void Message(string text);
}
