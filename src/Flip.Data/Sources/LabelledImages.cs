namespace Flip.Data.Sources;

/// <summary>Images whose classes are known: what zero-shot classification, probes and fine-tuning read.</summary>
/// <param name="Images">The images in their order.</param>
/// <param name="Labels">The right classes of each image, <c>[images][1 or more]</c>: one, except in sets with several labels.</param>
/// <param name="ClassNames">Names in the order of the class numbers.</param>
public sealed record LabelledImages(IImageSource Images, IReadOnlyList<int[]> Labels, IReadOnlyList<string> ClassNames);
