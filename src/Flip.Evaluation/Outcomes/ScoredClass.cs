namespace Flip.Evaluation.Outcomes;

/// <summary>A class and an image's score for it.</summary>
/// <param name="Class">Number of the class.</param>
/// <param name="Score">The score, finite; its scale is the classifier's.</param>
public readonly record struct ScoredClass(int Class, float Score);
