using System.Diagnostics;
using System.Globalization;
using Flip.Progress;
using Flip.Training;

namespace Flip.Tasks.ImageTasks;

/// <summary>How long the computation of a training will take, said before it begins.</summary>
internal static class ExpectedTime
{
    /// <summary>Samples of a pass that is timed.</summary>
    public const int Samples = 16;

    /// <summary>Says it, from the second of two passes over a few samples; the gradient that they leave is cleared by the first step.</summary>
    /// <param name="view">Shows it.</param>
    /// <param name="left">Samples of the training that are left.</param>
    /// <param name="count">Samples of a pass.</param>
    /// <param name="world">Ranks that share a step.</param>
    /// <param name="pass">Computes the gradient of a pass.</param>
    public static void Say(IProgressView view, long left, int count, int world, Func<PendingLoss> pass)
    {
        Run();
        var started = Stopwatch.GetTimestamp();
        Run();
        var time = TimeSpan.FromSeconds(Stopwatch.GetElapsedTime(started).TotalSeconds / count * left / world);
        view.Message(string.Create(
            CultureInfo.InvariantCulture,
            $"Expected: about {(time.TotalHours >= 2 ? $"{time.TotalHours:0.#} hours" : time.TotalMinutes >= 2 ? $"{time.TotalMinutes:0} minutes" : $"{time.TotalSeconds:0} seconds")} of computation for {left:N0} images, tests left out."));

        void Run()
        {
            using var loss = pass();
            loss.Read();
        }
    }
}
