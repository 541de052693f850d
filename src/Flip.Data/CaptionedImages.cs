namespace Flip.Data;

/// <summary>Images with their captions: what retrieval reads.</summary>
/// <param name="Images">The images in their order.</param>
/// <param name="Captions">All captions of each image, <c>[images][1 or more]</c>.</param>
public sealed record CaptionedImages(IImageSource Images, IReadOnlyList<IReadOnlyList<string>> Captions);
