namespace Flip.Search;

/// <summary>What a change did to an index.</summary>
/// <param name="Added">Images whose key is new.</param>
/// <param name="Replaced">Images that show something else than before.</param>
/// <param name="Removed">Images that are gone.</param>
/// <param name="Kept">Images that are as they were.</param>
/// <param name="Images">Images of the index now.</param>
/// <param name="Contents">What they show: images of the same bytes count once.</param>
/// <param name="Rebuilt">Whether the graph was made anew, since a fifth of it led to images that are gone.</param>
public sealed record IndexChanges(long Added, long Replaced, long Removed, long Kept, long Images, long Contents, bool Rebuilt)
{
    /// <summary>Whether anything changed.</summary>
    public bool Any => Added + Replaced + Removed > 0;
}
