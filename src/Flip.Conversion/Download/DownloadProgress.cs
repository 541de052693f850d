namespace Flip.Conversion.Download;

/// <summary>How far a download is.</summary>
/// <param name="File">The file in work.</param>
/// <param name="IsChecking">Whether it is being compared with its hash, and not received.</param>
/// <param name="Bytes">Bytes of all files that are here.</param>
/// <param name="TotalBytes">Bytes of all files; null while it is not known.</param>
public readonly record struct DownloadProgress(string File, bool IsChecking, long Bytes, long? TotalBytes);
