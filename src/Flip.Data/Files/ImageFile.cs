namespace Flip.Data.Files;

/// <summary>One loose image.</summary>
/// <param name="Key">Its key, printable.</param>
/// <param name="Path">Full path.</param>
/// <param name="Place">Where it is named, for messages, such as " (list.txt, line 3)"; empty for one that was found.</param>
internal readonly record struct ImageFile(string Key, string Path, string Place = "");
