using Flip.Config;
using Flip.Training;

namespace Flip.Tasks.Studies;

/// <summary>What a study will take. Trainings and tunings that cells share count once.</summary>
/// <param name="Cells">Each cell by itself.</param>
/// <param name="Flops">Operations of all trainings and tunings.</param>
/// <param name="Seconds">Time of all on one machine, without what is measured at their ends; null where no step times are known.</param>
public sealed record StudyForecast(IReadOnlyList<CellForecast> Cells, double Flops, double? Seconds)
{
    /// <summary>Reckons a study.</summary>
    /// <param name="plan">The study.</param>
    /// <param name="samplesPerEpoch">Pairs of a configuration's data.</param>
    /// <param name="times">What a pair costs.</param>
    /// <exception cref="ConfigException">A length makes no training of the data.</exception>
    public static StudyForecast Of(StudyPlan plan, Func<FlipConfig, long> samplesPerEpoch, StudyTimes times)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(samplesPerEpoch);
        ArgumentNullException.ThrowIfNull(times);
        var (cells, seen, flops, seconds) = (new List<CellForecast>(), new HashSet<string>(), 0.0, (double?)0);
        foreach (var cell in plan.Cells)
        {
            var samples = TrainingPlan.Of(cell.Training, samplesPerEpoch(cell.Training)).TotalSamples;
            var tuning = cell.Tuning is null ? 0 : TrainingPlan.Of(cell.Tuning, samplesPerEpoch(cell.Tuning)).TotalSamples;
            cells.Add(new CellForecast(
                cell.Values, cell.Seed, cell.Training.Train.BatchSize, samples, tuning, StudyTimes.FlopsOf(cell, samples, tuning), times.SecondsOf(cell, samples, tuning)));
            var data = cell.Training.Data.Train;
            if (seen.Add($"{data}\n{cell.TrainingKey(_ => "")}"))
            {
                flops += StudyTimes.FlopsOf(cell, samples, 0);
                seconds += times.SecondsOf(cell, samples, 0);
            }

            if (cell.Tuning is not null && seen.Add($"{data}\n{cell.TuningKey(_ => "")}"))
            {
                flops += StudyTimes.FlopsOf(cell, 0, tuning);
                seconds += times.SecondsOf(cell, 0, tuning);
            }
        }

        return new StudyForecast(cells, flops, seconds);
    }
}

/// <summary>What a cell takes.</summary>
/// <param name="Values">Names of its values, one an axis.</param>
/// <param name="Seed">Which of the seeds, from 0.</param>
/// <param name="BatchSize">Pairs of a step.</param>
/// <param name="Samples">Pairs of its training.</param>
/// <param name="TuningSamples">Pairs of its tuning; 0 without one.</param>
/// <param name="Flops">Operations of both.</param>
/// <param name="Seconds">Time of both; null where no step times are known.</param>
public sealed record CellForecast(IReadOnlyList<string> Values, int Seed, int BatchSize, long Samples, long TuningSamples, double Flops, double? Seconds);
