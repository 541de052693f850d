using Flip.Progress;

namespace Flip.Cli.Reporting;

/// <summary>Shows how far a work is whose end may not be known: a bar where it is, else a line now and then.</summary>
internal static class CountView
{
    private static readonly TimeSpan SayEvery = TimeSpan.FromSeconds(10);

    /// <summary>Receives how many items are done.</summary>
    /// <param name="view">Where it is shown.</param>
    /// <param name="stage">What is being done, a word.</param>
    /// <param name="items">What the items are, plural.</param>
    /// <param name="total">All items; null where that is not known.</param>
    public static Action<long> Of(IProgressView view, string stage, string items, long? total)
    {
        if (total is { } all)
        {
            return new ItemMeter(view, stage, items, all).Report;
        }

        var said = TimeProvider.System.GetTimestamp();
        return done =>
        {
            if (TimeProvider.System.GetElapsedTime(said) >= SayEvery)
            {
                said = TimeProvider.System.GetTimestamp();
                view.Message(FormattableString.Invariant($"{stage}: {done:N0} {items}."));
            }
        };
    }
}
