namespace Flip.Benchmarks.Inference;

/// <summary>What makes embeddings of images.</summary>
internal interface IImageEngine : IDisposable
{
    /// <summary>What the table calls it.</summary>
    string Name { get; }

    /// <summary>Makes a batch that <see cref="Run"/> takes.</summary>
    /// <param name="pixels">RGB 0..255, <c>[count, S, S, 3]</c>.</param>
    /// <param name="count">Images.</param>
    void Prepare(byte[] pixels, int count);

    /// <summary>Computes the batch.</summary>
    void Run();
}
