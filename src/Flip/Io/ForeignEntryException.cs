namespace Flip.Io;

/// <summary>An entry that Flip writes, deletes or reads back leads elsewhere, or is no file.</summary>
/// <param name="path">The entry.</param>
/// <param name="problem">What it is, as a clause without a full stop.</param>
public sealed class ForeignEntryException(string path, string problem) : FlipException(
    $"{path} {problem}. Flip writes, deletes and reads back this entry, so it must be a file or folder of its own: remove it, or put in its place what it leads to.");
