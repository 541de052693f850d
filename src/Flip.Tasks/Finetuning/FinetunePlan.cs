using System.Globalization;
using Flip.Config;
using Flip.Training;

namespace Flip.Tasks.Finetuning;

/// <summary>A fine-tuning's durations, once the size of the data is known, and what speaks against them.</summary>
public static class FinetunePlan
{
    private const double HighRate = 1e-3;
    private const long FewSteps = 200;
    private const int FewImages = 10;

    /// <summary>The plan for a data set of <paramref name="samplesPerEpoch"/>.</summary>
    /// <exception cref="ConfigException">Lengths that make no training of this data set.</exception>
    public static TrainingPlan Of(FinetuneConfig config, long samplesPerEpoch) => TrainingPlan.Of(
        config, string.Empty, samplesPerEpoch, total => new ImageMaskSchedule(config.MaskRatio, config.MaskRatio, total), config.EvaluateEvery);

    /// <summary>What is likely to go wrong, a sentence each; empty where nothing is.</summary>
    /// <param name="plan">The plan.</param>
    /// <param name="labels">Class of each training image.</param>
    /// <param name="classNames">Names in the order of the class numbers.</param>
    public static IReadOnlyList<string> Warnings(TrainingPlan plan, IReadOnlyList<int> labels, IReadOnlyList<string> classNames)
    {
        var warnings = new List<string>();
        var steps = plan.TotalSamples / plan.BatchSize;
        if (plan.LearningRate.Peak > HighRate)
        {
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"The learning rate, baseLearningRate × batchSize / 256 = {plan.LearningRate.Peak:0.##e-0}, is above {HighRate:0e-0}: a pre-trained tower is likely to forget; the paper's is 2e-4."));
        }

        if (steps < FewSteps)
        {
            warnings.Add(string.Create(
                CultureInfo.InvariantCulture,
                $"There are {steps} steps, fewer than {FewSteps}: a smaller batchSize or a greater length gives the head time to learn."));
        }

        var counts = new int[classNames.Count];
        foreach (var label in labels)
        {
            counts[label]++;
        }

        var few = counts.Index().Where(c => c.Item < FewImages).ToList();
        if (few.Count > 0)
        {
            var (least, fewest) = few.MinBy(c => c.Item);
            warnings.Add(
                $"{few.Count} of {classNames.Count} classes have fewer than {FewImages} training images ('{classNames[least]}' has {fewest}): a linear probe, or --wise-ft, is often better there.");
        }

        return warnings;
    }
}
