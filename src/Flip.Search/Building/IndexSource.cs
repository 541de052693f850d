using Flip.Data;
using Flip.Evaluation.Embedding;

namespace Flip.Search.Building;

/// <summary>A source of images that are indexed.</summary>
/// <param name="Name">What the user wrote.</param>
/// <param name="Images">What it opened.</param>
public sealed record IndexSource(string Name, IImageSource Images)
{
    /// <summary>What the keys of its images begin with; nothing where it is the only source.</summary>
    internal string Prefix(int sources) => RankedImages.Prefix(Name, Images, sources);
}
