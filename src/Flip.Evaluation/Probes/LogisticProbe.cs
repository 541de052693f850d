using System.Diagnostics;
using System.Globalization;
using Flip.Evaluation.Features;
using static TorchSharp.torch;

namespace Flip.Evaluation.Probes;

/// <summary>Choices of <see cref="LogisticProbe"/>.</summary>
public sealed record LogisticProbeOptions
{
    /// <summary>λ; null sweeps it on a part of the training set.</summary>
    public double? Lambda { get; init; }

    /// <summary>Share of each class that is held out to choose λ.</summary>
    public double ValidationShare { get; init; } = 0.2;

    /// <summary>Seed of what is held out.</summary>
    public ulong Seed { get; init; }

    /// <summary>What is done to the features first.</summary>
    public FeatureScaling Scaling { get; init; } = FeatureScaling.Common;
}

/// <summary>
/// CLIP's linear probe (CLIP, appendix A.3): a logistic regression whose regulariser is chosen on held-out training images, then fitted to
/// all of them.
/// </summary>
public static class LogisticProbe
{
    /// <summary>The method's name.</summary>
    public const string Name = "logistic";

    /// <summary>Trains and measures.</summary>
    /// <param name="train">Training images.</param>
    /// <param name="test">Test images.</param>
    /// <param name="options">Choices.</param>
    /// <param name="keepScores">Whether to keep the logits of all classes.</param>
    /// <param name="device">Where the products are made; null for the processor.</param>
    /// <param name="report">Receives each λ measured.</param>
    /// <param name="cancellation">Stops between two passes.</param>
    /// <exception cref="ConfigException">There is nothing to hold out.</exception>
    public static ProbeResult Run(
        LabelledFeatures train,
        LabelledFeatures test,
        LogisticProbeOptions options,
        bool keepScores = false,
        Device? device = null,
        Action<SweepPoint>? report = null,
        CancellationToken cancellation = default)
    {
        test.Check();
        var start = Stopwatch.GetTimestamp();
        var (lambda, near) = (options.Lambda ?? 0, (LinearClassifier?)null);
        IReadOnlyList<SweepPoint> points = [];
        if (options.Lambda is null)
        {
            var draw = ClassDraw.Of(train.Labels, train.Classes, options.Seed);
            var (kept, held) = draw.HoldOut(options.ValidationShare);
            if (held.Count == 0)
            {
                throw new ConfigException("The regulariser cannot be chosen: no class has two training images, one of them to hold out; give --lambda.");
            }

            var sweep = Sweep(train.Select(kept), train.Select(held), options.Scaling, device, report, cancellation);
            (lambda, near, points) = (sweep.Best.Lambda, sweep.Classifier, sweep.Points);
        }

        // What is reported: in fp64, and closer to the minimum than the choice of λ needs.
        using var all = new LogisticRegression(
            train, new() { Scaling = options.Scaling, DoublePrecision = true, GradientTolerance = 3e-5, Device = device });
        var fit = all.Fit(lambda, near, cancellation);
        var scored = fit.Classifier.Classify(test, keepScores, device: device);
        return new(Name, Describe(lambda, options.Lambda is null), scored, Stopwatch.GetElapsedTime(start).TotalSeconds, new Dictionary<string, object>
        {
            ["lambda"] = lambda,
            ["loss"] = fit.Loss,
            ["converged"] = fit.IsConverged,
            ["passes"] = fit.Evaluations,
            ["sweep"] = points,
        });
    }

    /// <summary>Chooses λ by validation images that the fits do not see.</summary>
    internal static (SweepPoint Best, LinearClassifier Classifier, IReadOnlyList<SweepPoint> Points) Sweep(
        LabelledFeatures train,
        LabelledFeatures validation,
        FeatureScaling scaling,
        Device? device,
        Action<SweepPoint>? report,
        CancellationToken cancellation)
    {
        using var regression = new LogisticRegression(train, new() { Scaling = scaling, Device = device });
        var classifiers = new Dictionary<double, LinearClassifier>();
        var (best, points) = RegularizerSweep.Search((lambda, nearest) =>
        {
            var fit = regression.Fit(lambda, nearest is { } known ? classifiers[known] : null, cancellation);
            classifiers[lambda] = fit.Classifier;
            var (accuracy, crossEntropy) = fit.Classifier.Measure(validation, device);
            var point = new SweepPoint(lambda, accuracy, crossEntropy);
            report?.Invoke(point);
            return point;
        });
        return (best, classifiers[best.Lambda], points);
    }

    /// <summary>λ in words; a choice at the end of the range is said to be one, since a better one may lie beyond.</summary>
    internal static string Describe(double lambda, bool isChosen) => string.Create(
        CultureInfo.InvariantCulture,
        $"λ {lambda:0.##e+0}{(!isChosen ? "" : lambda <= RegularizerSweep.Lowest ? " (lowest)" : lambda >= RegularizerSweep.Highest ? " (highest)" : "")}");
}
