namespace Flip.Tasks.Curation;

/// <summary>How well an image and its captions fit, as a model sees it.</summary>
/// <param name="Key">The sample's key where its source has one, else the source's name of the entry.</param>
/// <param name="Uid">The entry's <c>uid</c>, as DataComp has it; null for none.</param>
/// <param name="Url">Where the image came from; null where the source does not say.</param>
/// <param name="Similarity">Cosine of the image's embedding with that of the caption that fits best, -1..1; null where it cannot be told.</param>
/// <param name="Caption">Which of the captions that is, from 0.</param>
/// <param name="Error">Why it cannot be told; null where it can.</param>
internal sealed record PairScore(string Key, string? Uid, string? Url, float? Similarity, int? Caption, string? Error);
