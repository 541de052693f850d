using Flip.Evaluation.Embedding;

namespace Flip.Evaluation.Probes;

/// <summary>One line of the table: a method's figures, as mean and standard deviation where it was repeated.</summary>
/// <param name="Method">The method.</param>
/// <param name="Feature">What it read.</param>
/// <param name="Setting">What was chosen or given.</param>
/// <param name="Top1">Share of test images classified right.</param>
/// <param name="Top5">Share whose class is among the first five.</param>
/// <param name="MeanPerClass">Mean over the classes.</param>
/// <param name="Top1Deviation">Standard deviation of top-1 over the draws; null for a single run.</param>
/// <param name="MeanPerClassDeviation">That of the mean per class.</param>
/// <param name="Seconds">Time it took, without the features.</param>
/// <param name="Details">What else is worth recording, of each run.</param>
public sealed record ProbeRow(
    string Method,
    FeatureKind Feature,
    string Setting,
    double Top1,
    double Top5,
    double MeanPerClass,
    double? Top1Deviation,
    double? MeanPerClassDeviation,
    double Seconds,
    IReadOnlyList<IReadOnlyDictionary<string, object>> Details);

/// <summary>One side of the data.</summary>
/// <param name="Source">As it was named.</param>
/// <param name="Images">Images used.</param>
/// <param name="Missing">Images left out.</param>
public sealed record ProbeData(string Source, int Images, int Missing);

/// <summary>What <c>flip probe</c> measured.</summary>
/// <param name="Model">The model, as it was named.</param>
/// <param name="Weights">Hash of its weights.</param>
/// <param name="Classes">Number of classes.</param>
/// <param name="Train">Training images.</param>
/// <param name="Test">Test images.</param>
/// <param name="Settings">What the features depend on, by name.</param>
/// <param name="Rows">The table.</param>
/// <param name="Notes">What a reader should know of it.</param>
public sealed record ProbeReport(
    string Model,
    string Weights,
    int Classes,
    ProbeData Train,
    ProbeData Test,
    IReadOnlyDictionary<string, string> Settings,
    IReadOnlyList<ProbeRow> Rows,
    IReadOnlyList<string> Notes);
