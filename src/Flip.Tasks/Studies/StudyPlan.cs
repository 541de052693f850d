using System.Globalization;
using Flip.Config;
using Flip.Data.Shards;
using Flip.Models;

namespace Flip.Tasks.Studies;

/// <summary>All cells of a study: each combination of values with each seed. What a cell's training, tuning and measurement are is decided here, and nowhere else.</summary>
/// <param name="Study">The description.</param>
/// <param name="Cells">The cells, all of a seed together, so that a table fills evenly.</param>
/// <param name="LengthFactor">What the lengths of all trainings were multiplied by to fit in the user's time; 1 for nothing.</param>
public sealed record StudyPlan(StudyDescription Study, IReadOnlyList<StudyCell> Cells, double LengthFactor)
{
    /// <summary>Names of the values with which others are compared.</summary>
    public IReadOnlyList<string> Baseline => Study.Baseline.Count > 0 ? Study.Baseline : [.. Study.Axes.Select(axis => axis.Values[0].Name)];

    /// <summary>Makes the cells.</summary>
    /// <param name="study">The study.</param>
    /// <param name="start">Settings that all cells begin with.</param>
    /// <param name="seeds">Runs of each cell; null for the study's own.</param>
    /// <param name="lengthFactor">What the lengths of all trainings are multiplied by.</param>
    /// <exception cref="ConfigException">A cell's settings do not go together; the message names the cell.</exception>
    public static StudyPlan Of(StudyDescription study, FlipConfig start, int? seeds = null, double lengthFactor = 1)
    {
        ArgumentNullException.ThrowIfNull(study);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(lengthFactor);
        var config = ConfigReader.Overlay(start, study.Settings);
        if (lengthFactor != 1)
        {
            config = ConfigReader.Overlay(config, [SettingNumber.Times(config, "train.samples", lengthFactor)]);
        }

        var combinations = Combinations(study).Where(values => !IsSkipped(study, values)).ToList();
        var cells = Enumerable.Range(0, seeds ?? study.Seeds).SelectMany(seed => combinations.Select(values => Cell(config, values, seed))).ToList();
        return new StudyPlan(study, cells, lengthFactor);
    }

    private static bool IsSkipped(StudyDescription study, StudyValue[] values) =>
        study.Skip.Any(skip => skip.All(name => values.Any(value => value.Name == name)));

    private static IEnumerable<StudyValue[]> Combinations(StudyDescription study) => study.Axes.Aggregate(
        (IEnumerable<StudyValue[]>)[[]], (before, axis) => before.SelectMany(values => axis.Values, (values, value) => (StudyValue[])[.. values, value]));

    private static StudyCell Cell(FlipConfig start, StudyValue[] values, int seed)
    {
        string[] names = [.. values.Select(value => value.Name)];
        try
        {
            var config = ConfigReader.Overlay(start, [string.Create(CultureInfo.InvariantCulture, $"train.seed={start.Train.Seed + seed}")]);
            foreach (var value in values)
            {
                config = Changed(config, value);
            }

            var tune = values.Select(value => value.Tune).LastOrDefault(tune => tune is not null);
            var inference = values.Select(value => value.Inference).LastOrDefault(inference => inference is not null) ?? InferenceMask.None;
            return new StudyCell(names, seed, config, tune is null ? null : TuneRecipe.After(config, tune.Length, tune.Rate), inference);
        }
        catch (ConfigException e)
        {
            throw e.In($"the cell '{string.Join(", ", names)}'");
        }
    }

    private static FlipConfig Changed(FlipConfig config, StudyValue value)
    {
        config = ConfigReader.Overlay(config, value.Settings);
        config = ConfigReader.Overlay(config, value.Multiply.Select(factor => SettingNumber.Times(config, factor.Key, factor.Value)));
        if (value.Data is not (> 0 and < 1) || config.Data.Train is not { } train)
        {
            return config;
        }

        var shards = ShardPattern.Expand(train);
        return config with { Data = config.Data with { Train = string.Join(',', shards.Take(Math.Max(1, (int)Math.Round(shards.Count * value.Data.Value)))) } };
    }
}
