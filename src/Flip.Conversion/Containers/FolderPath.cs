namespace Flip.Conversion.Containers;

/// <summary>
/// File names that a stranger's index gives. They may only point into the index's own folder. What the owner of the disk put there is
/// trusted: links are followed, as download caches consist of them.
/// </summary>
internal static class FolderPath
{
    /// <summary>The file's path, or null where the name could lead out of the folder.</summary>
    public static string? Inside(string folder, string relative)
    {
        var plain = relative.Split('/').All(part => part.Length > 0 && part is not ("." or "..")
            && !part.Any(c => char.IsControl(c) || c is '\\' or ':'));
        return plain ? Path.Combine(folder, relative) : null;
    }
}
