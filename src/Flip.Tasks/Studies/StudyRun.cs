using Flip.Data;
using Flip.Io;
using Flip.Progress;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Tasks.Studies;

/// <summary>Trains, tunes and measures the cells of a study that are not finished. A kill costs what is behind a run's last checkpoint.</summary>
/// <param name="plan">The cells.</param>
/// <param name="store">Where their runs are.</param>
/// <param name="view">Shows the progress.</param>
/// <param name="allowOutside">Whether links in the data may lead out of their folder.</param>
/// <param name="finish">Called with each run that has just been finished, such as to write its report; null for nothing.</param>
public sealed class StudyRun(StudyPlan plan, CellStore store, IProgressView view, bool allowOutside = false, Action<RunFolder, TrainingResult>? finish = null)
{
    /// <summary>Does one part of the cells. Cells of one training are of one part.</summary>
    /// <param name="part">The part, from 1.</param>
    /// <param name="parts">How many there are.</param>
    /// <param name="cancellation">Stops after a checkpoint.</param>
    /// <exception cref="ConfigException">A cell cannot be trained or measured; the message names it.</exception>
    public void Run(int part, int parts, CancellationToken cancellation)
    {
        var trainings = plan.Cells.GroupBy(cell => store.Training(cell).Path).Index().Where(training => training.Index % parts == part - 1).Select(training => training.Item.ToList()).ToList();
        var busy = new List<List<StudyCell>>();
        foreach (var (number, cells) in trainings.Index())
        {
            view.Message(FormattableString.Invariant($"Cell {number + 1} of {trainings.Count}: {cells[0]}."));
            if (!TryDo(cells, cancellation))
            {
                view.Message("Another process trains it; it is looked at again at the end.");
                busy.Add(cells);
            }
        }

        foreach (var cells in busy.Where(cells => !TryDo(cells, cancellation)))
        {
            view.Message($"{cells[0]} is still in another process's hands: the same command later has it too.");
        }
    }

    /// <summary>A training with all that is behind it; false where another process has one of its folders.</summary>
    private bool TryDo(List<StudyCell> cells, CancellationToken cancellation)
    {
        try
        {
            var training = store.Training(cells[0]);
            if (cells.Any(cell => store.Result(cell) is null && !HasWeights(store.Tuning(cell))))
            {
                RequireWeights(training);
            }

            Train(training, "train", cells[0], session => session.Start(cells[0].Training, null, cancellation), cancellation);
            foreach (var cell in cells)
            {
                if (store.Tuning(cell) is { } tuning)
                {
                    if (store.Result(cell) is null)
                    {
                        RequireWeights(tuning);
                    }

                    Train(tuning, "tune", cell, session => session.Start(cell.Tuning!, training.Model, cancellation), cancellation);
                }

                store.Measure(cell, SourceProgress.Sources(view.Message, allowOutside: allowOutside), cancellation);
            }

            return true;
        }
        catch (FolderInUseException)
        {
            return false;
        }
        catch (ConfigException e)
        {
            throw e.In($"the cell '{cells[0]}'");
        }
    }

    private static bool HasWeights(RunFolder? run) => run is not null && Directory.Exists(run.Model) && RunResults.Of(run) is not null;

    /// <summary>Lets a run that is finished but has no weights be made again: its configuration and results alone suffice for tables, not for a tuning or a measurement.</summary>
    private void RequireWeights(RunFolder run)
    {
        if (RunResults.Of(run) is null || HasWeights(run))
        {
            return;
        }

        using var held = run.Lock();
        view.Message($"{run.Path}: its weights are not here, so it is trained again.");
        File.Delete(run.ResultsFile);
        if (!run.HasBegun)
        {
            File.Delete(run.ConfigFile);
        }
    }

    private void Train(RunFolder run, string stage, StudyCell cell, Func<TrainingSession, TrainingResult> start, CancellationToken cancellation)
    {
        if (RunResults.Of(run) is not null)
        {
            return;
        }

        Directory.CreateDirectory(run.Path);
        var session = new TrainingSession(run, stage, view, allowOutside);
        var trained = File.Exists(run.ConfigFile) ? session.Resume(Machine(cell), cancellation) : start(session);
        using var held = run.Lock();
        RunResults.Of(trained).Write(run);
        finish?.Invoke(run, trained);
    }

    /// <summary>What a run takes from the machine that it goes on on.</summary>
    private static string[] Machine(StudyCell cell) =>
    [
        $"data.train={cell.Training.Data.Train}",
        $"train.threads={cell.Training.Train.Threads}",
        $"data.workers={cell.Training.Data.Workers}",
    ];
}
