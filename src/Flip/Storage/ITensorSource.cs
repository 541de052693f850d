using static TorchSharp.torch;

namespace Flip.Storage;

/// <summary>Named tensors of a file or folder: described at once, read one at a time.</summary>
public interface ITensorSource : IDisposable
{
    /// <summary>The file or folder, for messages.</summary>
    string Path { get; }

    /// <summary>Names in the source's own order.</summary>
    IReadOnlyList<string> Names { get; }

    /// <summary>Whether there is a tensor of this name.</summary>
    bool Contains(string name);

    /// <summary>Type and shape of a tensor.</summary>
    /// <exception cref="CheckpointFormatException">There is no such tensor.</exception>
    TensorDescription Describe(string name);

    /// <summary>A tensor in its own type, contiguous, in processor memory; the caller disposes of it.</summary>
    /// <exception cref="CheckpointFormatException">No such tensor, a type that libtorch lacks, or damaged data.</exception>
    Tensor ReadTensor(string name);
}
