namespace Flip.Serving;

/// <summary>A class that was found in an image.</summary>
/// <param name="Class">Its number.</param>
/// <param name="Name">Its name.</param>
/// <param name="Probability">How likely it is. Those of all classes add up to 1, unless the model was trained with the sigmoid loss.</param>
/// <param name="Cosine">Cosine of image and class; null of a classifier with classes of its own.</param>
public sealed record FoundClass(int Class, string Name, double Probability, double? Cosine = null);
