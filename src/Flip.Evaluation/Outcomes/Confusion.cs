namespace Flip.Evaluation.Outcomes;

/// <summary>Images of one class that were taken for another.</summary>
/// <param name="Right">The right class; of several the one that stood first.</param>
/// <param name="Predicted">The predicted class.</param>
/// <param name="Images">How many.</param>
public sealed record Confusion(int Right, int Predicted, int Images);
