using Flip.Progress;

namespace Flip.Tests;

/// <summary>Shows nothing.</summary>
internal sealed class SilentProgress : IProgressView
{
    public void Report(TrainProgress progress)
    {
        // Nobody looks.
    }

    public void Report(ItemProgress progress)
    {
        // Nobody looks.
    }

    public void Message(string text)
    {
        // Nobody listens.
    }

    public void Dispose()
    {
        // Nothing is held.
    }
}
