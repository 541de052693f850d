using System.Diagnostics;
using System.Globalization;

namespace Flip.Benchmarks.Inference;

/// <summary>Times engines in turns.</summary>
internal static class Turns
{
    public const string Header = "| batch | engine | ms a batch | images/s | ratio | quartiles | processor ms | ratio |\n|---:|---|---:|---:|---:|---|---:|---:|";

    private static readonly TimeSpan LeastTime = TimeSpan.FromMilliseconds(200); // of a measurement: short passes are repeated
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(50); // until the last one's threads no longer spin

    /// <summary>Measures all engines at one size of batch.</summary>
    /// <returns>Lines of the table; the first engine is what the others are compared with, round by round.</returns>
    public static IEnumerable<string> Measure(IReadOnlyList<IImageEngine> engines, int batch, int side, int rounds)
    {
        var pixels = new byte[batch * side * side * 3];
        new Random(1).NextBytes(pixels);
        var repeats = engines.Select(engine =>
        {
            engine.Prepare(pixels, batch);
            engine.Run();
            return Math.Max(1, (int)(LeastTime.TotalSeconds / Timed(engine, 1).Clock));
        }).ToList();
        var times = engines.Select(_ => new List<(double Clock, double Processor)>()).ToList();
        for (var round = 0; round < rounds; round++)
        {
            for (var i = 0; i < engines.Count; i++)
            {
                Thread.Sleep(Rest);
                times[i].Add(Timed(engines[i], repeats[i]));
            }
        }

        double Median(IEnumerable<double> values) => values.Order().ElementAt(rounds / 2);
        return engines.Select((engine, i) =>
        {
            var ratios = times[0].Zip(times[i], (first, own) => first.Clock / own.Clock).Order().ToList();
            var (clock, processor) = (Median(times[i].Select(time => time.Clock)), Median(times[i].Select(time => time.Processor)));
            var ofProcessor = Median(times[0].Zip(times[i], (first, own) => first.Processor / own.Processor));
            return string.Create(
                CultureInfo.InvariantCulture,
                $"| {batch} | {engine.Name} | {1e3 * clock:0.0} | {batch / clock:0.0} | {ratios[rounds / 2]:0.00}x | {ratios[rounds / 4]:0.00} - {ratios[3 * rounds / 4]:0.00} | {1e3 * processor:0.0} | {ofProcessor:0.00}x |");
        });
    }

    private static (double Clock, double Processor) Timed(IImageEngine engine, int count)
    {
        using var process = Process.GetCurrentProcess();
        var (clock, before) = (Stopwatch.StartNew(), process.TotalProcessorTime);
        for (var i = 0; i < count; i++)
        {
            engine.Run();
        }

        var seconds = clock.Elapsed.TotalSeconds;
        process.Refresh();
        return (seconds / count, (process.TotalProcessorTime - before).TotalSeconds / count);
    }
}
