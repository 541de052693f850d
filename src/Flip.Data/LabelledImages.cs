namespace Flip.Data;

/// <summary>Images whose classes are known: what zero-shot classification, probes and fine-tuning read.</summary>
/// <param name="Images">The images in their order.</param>
/// <param name="Labels">The right classes of each image, <c>[images][1 or more]</c>: one, except in sets with several labels, where an
/// image may also have none.</param>
/// <param name="ClassNames">Names in the order of the class numbers.</param>
public sealed record LabelledImages(IImageSource Images, IReadOnlyList<int[]> Labels, IReadOnlyList<string> ClassNames)
{
    /// <summary>Classes of each image that count neither for nor against, <c>[images][0 or more]</c>, such as VOC's difficult objects;
    /// null where there are none.</summary>
    public IReadOnlyList<int[]>? Ignored { get; init; }
}
