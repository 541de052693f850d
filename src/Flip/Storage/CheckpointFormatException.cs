namespace Flip.Storage;

/// <summary>A file of weights that cannot be what it claims to be; the message names the file and, where one is meant, the tensor.</summary>
public sealed class CheckpointFormatException : FlipException
{
    /// <param name="path">The file.</param>
    /// <param name="tensor">The tensor, or null where the file as a whole is meant.</param>
    /// <param name="problem">What is wrong, as a clause without a full stop.</param>
    /// <param name="innerException">The cause, if any.</param>
    public CheckpointFormatException(string path, string? tensor, string problem, Exception? innerException = null)
        : base(tensor is null ? $"{path}: {problem}." : $"{path}: tensor '{tensor}': {problem}.", innerException)
    {
        Path = path;
        Tensor = tensor;
    }

    /// <summary>The file.</summary>
    public string Path { get; }

    /// <summary>The tensor, or null where the file as a whole is meant.</summary>
    public string? Tensor { get; }
}
