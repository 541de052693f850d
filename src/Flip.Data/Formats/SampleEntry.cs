namespace Flip.Data.Formats;

/// <summary>The members of one sample in its shard. Keys are not kept: they would be most of the memory of a large index.</summary>
/// <param name="Image">The encoded image.</param>
/// <param name="Text">One caption.</param>
/// <param name="Json">An object with captions.</param>
/// <param name="Class">A class number.</param>
internal readonly record struct SampleEntry(TarMember Image, TarMember Text, TarMember Json, TarMember Class);
