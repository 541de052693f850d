using System.Text.Json;
using Flip.Cli.Reporting;
using Flip.Io;
using Flip.Training;

namespace Flip.Cli.Commands;

/// <summary>The end of a run whose result is a tower with a head.</summary>
internal static class RunEnd
{
    /// <summary>Trains, writes what was done into the run, and says where the result is, or how a run that was stopped goes on.</summary>
    /// <param name="run">The run.</param>
    /// <param name="view">Shows it.</param>
    /// <param name="command">The command that continues such runs.</param>
    /// <param name="what">What the result is.</param>
    /// <param name="train">Trains, and reports.</param>
    public static TReport Of<TReport>(RunFolder run, ConsoleProgress view, string command, string what, Func<TReport> train)
    {
        try
        {
            var report = train();
            using var held = run.Lock(); // nothing is written to a run without it
            AtomicFile.WriteText(run.ResultsFile, JsonSerializer.Serialize(report, JsonOutput.Options) + "\n");
            view.Message($"{what}: {run.Model}");
            return report;
        }
        catch (Exception e) when (File.Exists(run.ConfigFile) && TrainCommand.CanGoOn(e))
        {
            view.Message($"To go on: flip {command} --resume {run.Path}");
            throw;
        }
    }
}
