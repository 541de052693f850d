namespace Flip.Distributed;

/// <summary>A library that carries operations.</summary>
/// <param name="Version">Name and version, as it gives them.</param>
/// <param name="Path">Its file.</param>
public sealed record CollectiveLibrary(string Version, string Path);
