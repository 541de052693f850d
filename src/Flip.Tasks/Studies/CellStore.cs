using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Flip.Config;
using Flip.Data;
using Flip.Evaluation.DataSets;
using Flip.Evaluation.Embedding;
using Flip.Io;
using Flip.Models;
using Flip.Storage;
using Flip.Tasks.Pretraining;
using Flip.Training;

namespace Flip.Tasks.Studies;

/// <summary>
/// The trainings of studies: a folder with an ordinary run for each, named by the hash of what decides it. So a study that is stopped goes on, and studies share what they have in common.
/// </summary>
/// <param name="folder">The folder.</param>
/// <param name="data">What cells are trained on.</param>
public sealed class CellStore(string folder, StudyData data)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    /// <summary>The run of a cell's training.</summary>
    public RunFolder Training(StudyCell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return new(Path.Combine(folder, cell.TrainingKey(data.HashOf)));
    }

    /// <summary>The run of a cell's tuning; null where it has none.</summary>
    public RunFolder? Tuning(StudyCell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        return cell.TuningKey(data.HashOf) is { } key ? new(Path.Combine(folder, key)) : null;
    }

    /// <summary>The run whose model a cell is measured by: the tuning's, else the training's.</summary>
    public RunFolder Last(StudyCell cell) => Tuning(cell) ?? Training(cell);

    /// <summary>What is known of a cell; null where it is not finished.</summary>
    public CellResult? Result(StudyCell cell)
    {
        ArgumentNullException.ThrowIfNull(cell);
        var (trained, tuning) = (RunResults.Of(Training(cell)), Tuning(cell));
        var tuned = tuning is null ? null : RunResults.Of(tuning);
        if (trained is null || (tuning is not null && tuned is null) || Scores(cell) is not { } scores)
        {
            return null;
        }

        return new CellResult(cell.Values, cell.Seed, Path.GetFileName(Last(cell).Path), trained.Samples, tuned?.Samples ?? 0, trained.Seconds + (tuned?.Seconds ?? 0), scores);
    }

    /// <summary>Measures a cell whose training is finished, if it is not measured as it is asked for.</summary>
    /// <param name="cell">The cell.</param>
    /// <param name="options">Who hears what is left out.</param>
    /// <param name="cancellation">Stops between batches.</param>
    public void Measure(StudyCell cell, SourceOptions options, CancellationToken cancellation)
    {
        ArgumentNullException.ThrowIfNull(cell);
        ArgumentNullException.ThrowIfNull(options);
        if (Scores(cell) is not null)
        {
            return;
        }

        var run = Last(cell);
        using var held = run.Lock();
        using var loaded = ModelFolder.Load(run.Model, stored => stored with
        {
            Eval = cell.Training.Eval,
            Train = stored.Train with { Device = cell.Training.Train.Device, Threads = cell.Training.Train.Threads, Precision = cell.Training.Train.Precision },
            Data = stored.Data with { ClassNames = cell.Training.Data.ClassNames, Workers = cell.Training.Data.Workers },
        });
        var ratio = cell.Inference == InferenceMask.None ? (double?)null : cell.Training.Model.Image.MaskRatio; // tuning has none
        var scores = TrainingEvaluator.Of(loaded.Config, loaded.Tokenizer, options, cancellation)
            .SelectMany(evaluator => evaluator.Evaluate(new MaskChoice(cell.Inference, ratio).Encoder(loaded), cancellation)).ToDictionary();
        AtomicFile.WriteText(MeasuredFile(run, cell), JsonSerializer.Serialize(scores, Json) + "\n");
    }

    /// <summary>Those of the training's end, if it was measured on the same sets with whole images; else those of a measurement behind it.</summary>
    private IReadOnlyDictionary<string, double>? Scores(StudyCell cell)
    {
        var run = Last(cell);
        if (RunResults.Of(run) is not { } results)
        {
            return null;
        }

        if (cell.Inference == InferenceMask.None && Sets(run.LoadConfig()) == Sets(cell.Training))
        {
            return results.Scores;
        }

        var file = MeasuredFile(run, cell);
        try
        {
            return File.Exists(file) ? JsonSerializer.Deserialize<OrderedDictionary<string, double>>(JsonInput.Read(file).Span, Json) : null;
        }
        catch (JsonException)
        {
            return null; // measured again
        }
    }

    private static string MeasuredFile(RunFolder run, StudyCell cell) => Path.Combine(
        run.Path, $"measured-{cell.Inference.ToString().ToLowerInvariant()}-{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(Sets(cell.Training))))[..8]}.json");

    /// <summary>What is measured on, and by which words.</summary>
    private static string Sets(FlipConfig config) => string.Join('\n', [.. config.Eval.On, config.Eval.Classes ?? config.Data.ClassNames ?? "", config.Eval.Templates ?? ""]);
}

/// <summary>A finished cell.</summary>
/// <param name="Values">Names of its values, one an axis.</param>
/// <param name="Seed">Which of the seeds, from 0.</param>
/// <param name="Run">Name of the run's folder.</param>
/// <param name="Samples">Pairs seen in the training.</param>
/// <param name="TuningSamples">Pairs seen in the tuning behind it; 0 without one.</param>
/// <param name="Seconds">Seconds of both, as measured while they ran.</param>
/// <param name="Scores">What was measured, by name.</param>
public sealed record CellResult(
    IReadOnlyList<string> Values, int Seed, string Run, long Samples, long TuningSamples, double Seconds, IReadOnlyDictionary<string, double> Scores);
