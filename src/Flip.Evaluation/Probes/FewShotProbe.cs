using System.Diagnostics;
using System.Globalization;
using Flip.Evaluation.Features;
using Flip.Evaluation.Metrics;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>A few-shot probe of one size, drawn several times.</summary>
/// <param name="Shots">Training images of each class.</param>
/// <param name="Draws">What each draw measured.</param>
public sealed record FewShotResult(int Shots, IReadOnlyList<ProbeResult> Draws)
{
    /// <summary>Mean of a metric over the draws, and its standard deviation (of a sample); 0 where there is one draw.</summary>
    public (double Mean, double Deviation) Of(Metric metric)
    {
        var values = Draws.Select(draw => draw.Outcome.Value(metric)).ToArray();
        var mean = values.Average();
        return (mean, values.Length < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Length - 1)));
    }
}

/// <summary>
/// A linear probe on k images of each class: a logistic regression whose λ is chosen on min(k, 4) further images of each class, as CoOp's
/// protocol has it. The images of fewer shots are among those of more.
/// </summary>
public static class FewShotProbe
{
    /// <summary>The method's name.</summary>
    public const string Name = "fewshot";

    private const int MostValidationImages = 4;

    /// <summary>Refuses a training set with too few images, before any work.</summary>
    /// <param name="labels">Class of each training image.</param>
    /// <param name="classNames">Names of the classes.</param>
    /// <param name="shots">The sizes asked for.</param>
    /// <param name="choosesLambda">Whether images are needed to choose λ with.</param>
    /// <exception cref="ConfigException">A class has too few images, or none of the classes has one to choose λ with.</exception>
    public static void Check(int[] labels, IReadOnlyList<string> classNames, IReadOnlyList<int> shots, bool choosesLambda = true)
    {
        var most = shots.Max();
        var counts = new int[classNames.Count];
        foreach (var label in labels)
        {
            counts[label]++;
        }

        var fewest = Array.IndexOf(counts, counts.Min());
        if (counts[fewest] < most)
        {
            throw new ConfigException(
                $"--shots {most}: the class '{classNames[fewest]}' has {counts[fewest]} training images; every class needs {most}.");
        }

        if (choosesLambda && counts.Max() == most)
        {
            throw new ConfigException($"--shots {most}: the regulariser is chosen on further images, and no class has more than {most}; give --lambda.");
        }
    }

    /// <summary>Trains and measures one size.</summary>
    /// <param name="train">Training images, of which a few are drawn.</param>
    /// <param name="test">Test images.</param>
    /// <param name="shots">Images of each class.</param>
    /// <param name="draws">Times it is repeated with other images.</param>
    /// <param name="options">Seed and scaling; λ too, where it is not to be chosen.</param>
    /// <param name="device">Where the products are made; null for the processor.</param>
    /// <param name="report">Called after each draw.</param>
    /// <param name="cancellation">Stops between two passes.</param>
    public static FewShotResult Run(
        LabelledFeatures train,
        LabelledFeatures test,
        int shots,
        int draws,
        LogisticProbeOptions options,
        Device? device = null,
        Action? report = null,
        CancellationToken cancellation = default)
    {
        test.Check();
        var results = new List<ProbeResult>(draws);
        for (var draw = 0; draw < draws; draw++)
        {
            var start = Stopwatch.GetTimestamp();
            var order = ClassDraw.Of(train.Labels, train.Classes, options.Seed, draw).Images;
            var few = train.Select([.. order.SelectMany(images => images.Take(shots))]);
            var (lambda, near) = (options.Lambda ?? 0, (LinearClassifier?)null);
            if (options.Lambda is null)
            {
                var further = train.Select([.. order.SelectMany(images => images.Skip(shots).Take(Math.Min(shots, MostValidationImages)))]);
                var sweep = LogisticProbe.Sweep(few, further, options.Scaling, device, null, cancellation);
                (lambda, near) = (sweep.Best.Lambda, sweep.Classifier);
            }

            using var regression = new LogisticRegression(
                few, new() { Scaling = options.Scaling, DoublePrecision = true, GradientTolerance = 3e-5, Device = device });
            var fit = regression.Fit(lambda, near, cancellation);
            results.Add(new(
                string.Create(CultureInfo.InvariantCulture, $"{Name}-{shots}"),
                LogisticProbe.Describe(lambda, options.Lambda is null),
                fit.Classifier.Classify(test, device: device),
                Stopwatch.GetElapsedTime(start).TotalSeconds,
                new Dictionary<string, object> { ["shots"] = shots, ["draw"] = draw, ["lambda"] = lambda, ["converged"] = fit.IsConverged }));
            report?.Invoke();
        }

        return new(shots, results);
    }
}
