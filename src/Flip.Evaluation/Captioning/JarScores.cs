namespace Flip.Evaluation.Captioning;

/// <summary>What a Java program gave captions.</summary>
/// <param name="Value">The value of all together. METEOR's is computed from added counts; SPICE's is the mean.</param>
/// <param name="Captions">The value of each caption.</param>
public sealed record JarScores(double Value, IReadOnlyList<double> Captions);
