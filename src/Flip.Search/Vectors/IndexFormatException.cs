namespace Flip.Search.Vectors;

/// <summary>A part of an index that cannot be what its description says; the message names the file.</summary>
/// <param name="path">The file.</param>
/// <param name="problem">What is wrong, as a clause without a full stop.</param>
/// <param name="innerException">The cause, if any.</param>
public sealed class IndexFormatException(string path, string problem, Exception? innerException = null)
    : FlipException($"{path}: {problem}.", innerException)
{
    /// <summary>The file.</summary>
    public string Path { get; } = path;
}
