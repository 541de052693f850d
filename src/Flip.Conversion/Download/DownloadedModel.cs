namespace Flip.Conversion.Download;

/// <summary>A model that is here now.</summary>
/// <param name="Source">Where it came from: the repository, or the file's address.</param>
/// <param name="Revision">The commit that all its files are of; null for a single file.</param>
/// <param name="Folder">Where it is.</param>
/// <param name="Files">Its files.</param>
public sealed record DownloadedModel(string Source, string? Revision, string Folder, IReadOnlyList<DownloadedFile> Files);

/// <summary>A file of a downloaded model.</summary>
/// <param name="Name">Its name below the model's folder.</param>
/// <param name="Size">Its length in bytes.</param>
/// <param name="Hash">The hash that it was checked with: <c>sha256:</c>, or <c>git:</c> for git's name of a small file.</param>
/// <param name="WasPresent">Whether it was here before, with this hash.</param>
public sealed record DownloadedFile(string Name, long Size, string Hash, bool WasPresent);
