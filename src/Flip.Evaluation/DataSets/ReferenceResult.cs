namespace Flip.Evaluation.DataSets;

/// <summary>A published figure to stand beside one's own.</summary>
/// <param name="Model">The model, such as "FLIP ViT-L/16".</param>
/// <param name="Value">The figure, percent.</param>
/// <param name="Source">Where it is published, such as "FLIP, table 3".</param>
/// <param name="Measure">What was measured where it is not the data set's metric zero-shot: "linearProbe", "fineTune", "imageToText/R@1".</param>
public sealed record ReferenceResult(string Model, double Value, string Source, string? Measure = null);
